"""The one room where onnx and onnxruntime live: networks as files for other runtimes.

The graphs are made of the tensors of the store, one module a kind, without TensorFlow. Import its
modules only to write a file: they are the only ones that load onnx.
"""
