// What a template's R or Python loads of ours (libscoria_worker.so): R by dyn.load() and .C(), which passes pointers alone; Python by ctypes, holding
// its lock. It makes the process a template that forks (node/template_server.h), a child of it the script that it shall run, or a worker that answers calls
// as docs/formats/worker.md says. A child that cannot go on says why on standard error and ends.
// Threads: none may exist. Owns: the process's one worker socket.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum scoria_mode {
  scoria_mode_failed = -1,  // the template cannot fork any more
  scoria_mode_ended = 0,    // nobody wants children any more
  scoria_mode_script = 1,   // this process is a child that runs a script
  scoria_mode_worker = 2    // this process is a child that answers calls
};

// Serves the keeper's socket until this process is a child or nobody wants any more. `template_file`: R's own script, in whose place the child's is read
// on; "" in Python. The child has its environment, and in R its commandArgs() and a tempdir() of its own.
void scoria_template(const int* descriptor, char** template_file, int* mode);
// The same without a fork: this process becomes `words`, as ["scoria", "call-r", FILE, ARGUMENT...].
void scoria_become(char** words, const int* count, char** template_file);

// A child's words, and its environment's "NAME=value"; null past the last.
const char* scoria_word(int index);
const char* scoria_setting(int index);

// The next frame, waited for: its kind, 0 where the client is gone; the bytes of its payload; a path to read them from, or "" where scoria_take() hands
// them out.
void scoria_receive(int* kind, double* size, char** path);
void scoria_take(unsigned char* bytes);

// What was written to standard output and error since the last answer, at most the last MiB: its size, then its bytes, once.
void scoria_output_size(double* size);
void scoria_output_take(unsigned char* bytes);

// Answers. `is_last`: the worker has had its share of calls, time or memory, has said so, and shall end.
void scoria_answer(const int* kind, const unsigned char* bytes, const double* size, int* is_last);
// A path to write a large payload to, then the answer that it is.
void scoria_share(char** path);
void scoria_answer_shared(const int* kind, int* is_last);

// A worker becomes a template of what it has loaded, and has answered so: it returns in its children, which are workers (scoria_mode_worker), and when nobody
// wants any more (scoria_mode_ended). scoria_mode_failed: it has threads or open files, which a fork would not leave whole; `why` says which, and it stays a worker.
void scoria_become_template(char** template_file, char** why, int* mode);

#ifdef __cplusplus
}
#endif
