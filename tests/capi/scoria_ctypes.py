"""libscoria.so through ctypes and pyarrow, for tests/capi/golden_test.py and as the long form of docs/embedding.md."""

import ctypes
import json

import pyarrow as pa


class OpenOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("object", ctypes.c_char_p), ("max_bytes", ctypes.c_uint64), ("threads", ctypes.c_uint32)]


class Request(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("types", ctypes.POINTER(ctypes.c_char_p)), ("type_count", ctypes.c_size_t),
                ("parameter_names", ctypes.POINTER(ctypes.c_char_p)), ("parameter_values", ctypes.POINTER(ctypes.c_char_p)),
                ("parameter_count", ctypes.c_size_t), ("first_row", ctypes.c_uint64)]


class ScoriaError(Exception):
    pass


def strings(values):
    return (ctypes.c_char_p * len(values))(*[value.encode() for value in values])


class Library:
    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        pointer = ctypes.c_void_p
        self.c.scoria_model_open_file.argtypes = [ctypes.c_char_p, ctypes.POINTER(OpenOptions), ctypes.POINTER(pointer),
                                                  ctypes.POINTER(pointer)]
        self.c.scoria_model_score.argtypes = [pointer, ctypes.POINTER(Request)] + [pointer] * 4 + [ctypes.POINTER(pointer)] * 2
        for name in ("scoria_error_message", "scoria_model_describe", "scoria_notes_text", "scoria_version"):
            getattr(self.c, name).restype = ctypes.c_char_p
        for name in ("scoria_error_message", "scoria_error_free", "scoria_model_free", "scoria_model_describe",
                     "scoria_notes_count", "scoria_notes_free"):
            getattr(self.c, name).argtypes = [pointer]
        self.c.scoria_notes_text.argtypes = [pointer, ctypes.c_size_t]
        self.c.scoria_notes_count.restype = ctypes.c_size_t

    def check(self, code, error):
        if code != 0:
            message = self.c.scoria_error_message(error).decode()
            self.c.scoria_error_free(error)
            raise ScoriaError(message)


class Model:
    def __init__(self, library, path, threads=0):
        self.library, self.handle, error = library, ctypes.c_void_p(), ctypes.c_void_p()
        options = OpenOptions(size=ctypes.sizeof(OpenOptions), threads=threads)
        library.check(library.c.scoria_model_open_file(str(path).encode(), options, self.handle, error), error)

    def __del__(self):
        self.library.c.scoria_model_free(self.handle)

    def describe(self):
        return json.loads(self.library.c.scoria_model_describe(self.handle))

    def score(self, rows, types=(), parameters=None):
        """A pyarrow RecordBatch of predictions for the rows of another."""
        parameters = parameters or {}
        request = Request(size=ctypes.sizeof(Request), types=strings(types), type_count=len(types),
                          parameter_names=strings(parameters.keys()), parameter_values=strings(parameters.values()),
                          parameter_count=len(parameters))
        # An ArrowSchema has 72 bytes and an ArrowArray 80, on every 64-bit platform.
        schema, array, out_schema, out_array = (ctypes.create_string_buffer(80) for _ in range(4))
        at = ctypes.addressof
        rows._export_to_c(at(array), at(schema))
        notes, error = ctypes.c_void_p(), ctypes.c_void_p()
        code = self.library.c.scoria_model_score(self.handle, request, at(schema), at(array), at(out_schema), at(out_array),
                                                 notes, error)
        self.library.check(code, error)
        self.notes = [self.library.c.scoria_notes_text(notes, i).decode() for i in range(self.library.c.scoria_notes_count(notes))]
        self.library.c.scoria_notes_free(notes)
        return pa.RecordBatch._import_from_c(at(out_array), at(out_schema))
