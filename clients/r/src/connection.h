/* Sockets of warm workers, as R holds them: see docs/formats/worker.md. */
#pragma once

#include <R.h>
#include <Rinternals.h>
#include <stddef.h>
#include <stdint.h>

/* A control connection, or one to a worker: an external pointer, which closes the socket when R forgets it. */
/* For whoever has a socket already, such as tests of the other side. */
SEXP connection_of_number(SEXP socket);
SEXP connection_open(SEXP path);
SEXP connection_close(SEXP connection);
/* list(json, list(connection, ...)): the answer to one request, and the sockets that came with it. NULL: nobody is there any more. */
SEXP connection_ask(SEXP connection, SEXP json);

SEXP connection_of(int socket);
int connection_socket(SEXP connection); /* -1 once it is closed, and in a forked child of the process that opened it */

/* Sends all of it, and a descriptor with its first byte (-1: none). Zero: nobody is there any more. May be interrupted. */
int send_all(int socket, const void* data, size_t size, int descriptor);
/* The same for what is read. `descriptors`: those that came, at most *count of them; it is set to how many. NULL: none are wanted. */
int receive_all(int socket, void* data, size_t size, int* descriptors, int* count);

/* Which of list(connection, ...) has something to read, or was closed: their indices; after so many seconds none. May be interrupted. */
SEXP connection_wait(SEXP connections, SEXP seconds);

/* ---- frames.c: what workers are told and answer ---- */

/* list(bytes, hash): `value`, serialized; an external pointer that may be sent any number of times. */
SEXP frame_pack(SEXP value);
SEXP frame_size(SEXP packed);
SEXP frame_raw(SEXP packed);
/* TRUE, or FALSE where nobody is there any more. `packed` NULL: a frame without a payload. */
SEXP frame_send(SEXP connection, SEXP kind, SEXP packed);
/* list(kind, flags, bytes, value); NULL where nobody is there any more. The value is NULL where it has more bytes than `most`. */
SEXP frame_receive(SEXP connection, SEXP most);

/* ---- content.c: what values are made of ---- */

/* Bytes of a value, about; as soon as there are more than `most`, no more are counted. NA: it holds what can change, such as environments. */
SEXP content_size(SEXP value, SEXP most);
/* Bytes that its serialized form takes; an error beyond `most`. */
SEXP content_serialized_size(SEXP value, SEXP most);
/* 128 bits of its serialized form, as 32 hexadecimal digits; NA where it holds what can change. */
SEXP content_hash(SEXP value);
void hash_bytes(const void* data, size_t size, char digits[33]);

/* ---- marks.c: where workers are, in a file that both sides have mapped ---- */

SEXP marks_open(SEXP path, SEXP slots);
SEXP mark(SEXP marks, SEXP slot, SEXP iteration);
/* c(iteration, seconds since it was marked); iteration 0: none. */
SEXP mark_of(SEXP marks, SEXP slot);
/* Seconds of a clock that only goes forward. */
SEXP clock_seconds(void);
