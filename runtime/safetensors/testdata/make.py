# Writes the files of this folder with the Python package safetensors, whose behaviour the tests hold this package to:
#   python3 -m venv v && v/bin/pip install safetensors==0.8.0 numpy==2.4.6 ml_dtypes==0.6.0 && v/bin/python make.py
import json
import tempfile
import ml_dtypes
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

tricky = 'é"\\\b\f\n\r\t\x01\x1f\x7f\u2028/<&>\U0001f600'

# What Go can write too: the test writes the same and compares bytes.
same = {
    'h.W': (np.arange(12, dtype=np.float32).reshape(3, 4) - 5) / 3,
    'h.b': np.array([1.5, -0.0, np.inf, np.nan], dtype=np.float32),
    'steps': np.array(-7, dtype=np.int64),
    'double': np.array([[1 / 3], [-1e300]], dtype=np.float64),
    'ints': np.array([-2**31, 2**31 - 1, 0], dtype=np.int32),
    'bytes': np.array([0, 1, 255], dtype=np.uint8),
    'flags': np.array([[True, False]]),
    'empty': np.zeros((0, 5), dtype=np.float32),
    tricky: np.array(0.1, dtype=np.float32),
}
with open('same.safetensors', 'wb') as f:
    f.write(save(same, {tricky: tricky}))

# Every type that Go reads, and some that it lists only. Half-precision values: all kinds of numbers there are.
half = np.array([0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3555, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0xc000], dtype=np.uint16).view(np.float16)
brain = np.array([0, -1.5, 3.140625, 1e38, np.inf], dtype=ml_dtypes.bfloat16)
with open('types.safetensors', 'wb') as f:
    f.write(save({
        'half': half, 'half as float': half.astype(np.float32),
        'brain': brain, 'brain as float': brain.astype(np.float32),
        'i8': np.array([-1], dtype=np.int8), 'u16': np.array([1], dtype=np.uint16), 'c64': np.array([1j], dtype=np.complex64),
    }))

# What Python says about headers: the test holds this package to it. One line each: header, bytes of data, whether Python loads it.
headers = []
def header(text, size):
    raw = text.encode('utf-8', 'surrogatepass')
    with tempfile.NamedTemporaryFile() as f:
        f.write(len(raw).to_bytes(8, 'little') + raw + bytes(size))
        f.flush()
        try:
            with safe_open(f.name, 'np') as opened:
                ok = len(opened.keys()) >= 0
        except Exception:
            ok = False
    headers.append({'header': text, 'data': size, 'ok': ok})

def t(dtype='"F32"', shape='[1]', offsets='[0,4]'):
    return '{"dtype":%s,"shape":%s,"data_offsets":%s}' % (dtype, shape, offsets)

for text, size in [
    ('{}', 0), ('{}   ', 0), ('{"a":%s}' % t(), 4), ('{"a":%s}' % t(), 3), ('{"a":%s}' % t(), 5), ('', 0), ('{', 0), ('[]', 0), ('{}x', 0),
    ('{"a":%s,"b":%s}' % (t(), t(offsets='[4,8]')), 8), ('{"b":%s,"a":%s}' % (t(offsets='[4,8]'), t()), 8),
    ('{"a":%s,"b":%s}' % (t(), t(offsets='[8,12]')), 12), ('{"a":%s,"b":%s}' % (t(), t(offsets='[2,6]')), 6), ('{"a":%s,"b":%s}' % (t(), t()), 4),
    ('{"a":%s}' % t(offsets='[4,8]'), 8), ('{"a":%s}' % t(offsets='[4,0]'), 4), ('{"a":%s}' % t(offsets='[-4,0]'), 4), ('{"a":%s}' % t(offsets='[0,4,4]'), 4),
    ('{"a":%s}' % t(offsets='[0]'), 4), ('{"a":%s}' % t(offsets='[0.0,4.0]'), 4), ('{"a":%s}' % t(offsets='[0,4e0]'), 4), ('{"a":%s}' % t(offsets='[0,04]'), 4),
    ('{"a":%s}' % t(offsets='[0,18446744073709551616]'), 4), ('{"a":%s}' % t(shape='[]'), 4), ('{"a":%s}' % t(shape='[2]'), 4), ('{"a":%s}' % t(shape='[-1]'), 4),
    ('{"a":%s}' % t(shape='[0]', offsets='[0,0]'), 0), ('{"a":%s}' % t(shape='[4294967296,4294967296]'), 4), ('{"a":%s}' % t(shape='[4611686018427387904]', offsets='[0,0]'), 0),
    ('{"a":%s}' % t(shape='[18446744073709551615,18446744073709551615,1]'), 4), ('{"a":%s}' % t(dtype='"f32"'), 4), ('{"a":%s}' % t(dtype='7'), 4),
    ('{"a":%s}' % t(dtype='"F4"', shape='[2]', offsets='[0,1]'), 1), ('{"a":%s}' % t(dtype='"F4"', shape='[1]', offsets='[0,1]'), 1),
    ('{"a":{"dtype":"F32","shape":[1]}}', 4), ('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), ('{"a":{"shape":[1],"data_offsets":[0,4]}}', 4),
    ('{"__metadata__":{"a":"b"}}', 0), ('{"__metadata__":{"a":1}}', 0), ('{"__metadata__":[]}', 0), ('{"__metadata__":{"a":{"b":"c"}}}', 0),
    ('{"\\u00e9":%s}' % t(), 4), ('{"\\ud83d\\ude00":%s}' % t(), 4), ('{"\\ud83d":%s}' % t(), 4), ('{"\\q":%s}' % t(), 4), ('{"a\nb":%s}' % t(), 4), ('{"\\u12":%s}' % t(), 4),
    ('{"a":%s,}' % t(), 4), ('{"a" %s}' % t(), 4), ('{"a":%s' % t(), 4), ('{a:%s}' % t(), 4), ("{'a':%s}" % t(), 4), ('{"a":null}', 0), ('{"a":[]}', 0),
    ('{ "a" : { "dtype" : "F32" ,\n\t"shape" : [ 1 ] , "data_offsets" : [ 0 , 4 ] } }', 4), ('\ufeff{}', 0),
]:
    header(text, size)
with open('headers.json', 'w') as f:
    json.dump(headers, f, indent=0)
    f.write('\n')
