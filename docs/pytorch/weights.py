# Saves the weights of digits.py's model for LoadDigits of examples/digits: names and layout are nngen's.
import numpy as np
from safetensors.numpy import save_file


def save_for_nngen(model, path):
    hidden, out = model[0], model[2]
    save_file({
        "h.W": np.ascontiguousarray(hidden.weight.detach().numpy().T),
        "h.b": hidden.bias.detach().numpy(),
        "logits.W": np.ascontiguousarray(out.weight.detach().numpy().T),
        "logits.b": out.bias.detach().numpy(),
    }, path)
