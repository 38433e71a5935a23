package truth

// This file answers: which reference results can the language not express yet? A row is compared, or its name stands here;
// a row that is neither fails. A name here without a row in the folder is fine.

// pendingLayers are the names of layers, in layers.json, that have no counterpart in the library yet.
var pendingLayers = []string{
	"conv1d", "conv2d", "conv_transpose2d", // windows
	"max_pool2d", "avg_pool2d",
	"batch_norm1d_training", "batch_norm2d_training", // state that training updates
	"group_norm",
	"rnn_tanh", "lstm", "gru", // scan
	"multi_head_attention",
}

// pendingCurves are the kinds of model, in curves.json, that use such layers.
var pendingCurves = []string{"cnn", "recurrent", "gpt"}
