#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { kMostDescriptors = 64, kSliceMilliseconds = 100, kMostJson = 1 << 20 };

struct connection {
  int socket;
  pid_t process; /* a forked child's frames would mix with its parent's */
};

static void forget(SEXP holder) {
  struct connection* connection = R_ExternalPtrAddr(holder);
  if (!connection) return;
  close(connection->socket);
  free(connection);
  R_ClearExternalPtr(holder);
}

SEXP connection_of(int socket) {
  struct connection* connection = malloc(sizeof *connection);
  if (!connection) {
    close(socket);
    Rf_error("out of memory");
  }
  *connection = (struct connection){socket, getpid()};
  SEXP holder = PROTECT(R_MakeExternalPtr(connection, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(holder, forget, TRUE);
  UNPROTECT(1);
  return holder;
}

SEXP connection_of_number(SEXP number) { return connection_of(Rf_asInteger(number)); }

int connection_socket(SEXP holder) {
  const struct connection* connection = TYPEOF(holder) == EXTPTRSXP ? R_ExternalPtrAddr(holder) : NULL;
  return connection && connection->process == getpid() ? connection->socket : -1;
}

SEXP connection_open(SEXP path) {
  const char* text = Rf_translateChar(STRING_ELT(path, 0));
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(text) >= sizeof address.sun_path) Rf_error("the path of a socket is too long: '%s'", text);
  strcpy(address.sun_path, text);
  const int one = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (one < 0) Rf_error("no socket: %s", strerror(errno));
  if (connect(one, (struct sockaddr*)&address, sizeof address) != 0) {
    const int why = errno;
    close(one);
    Rf_error("'%s': %s", text, strerror(why));
  }
  return connection_of(one);
}

SEXP connection_close(SEXP holder) {
  forget(holder);
  return R_NilValue;
}

/* Waits in slices, so that an interrupt is answered; R's own handler lets poll() go on, hence the slices. */
static void wait_for(int socket, short events) {
  struct pollfd one = {.fd = socket, .events = events};
  while (poll(&one, 1, kSliceMilliseconds) <= 0) R_CheckUserInterrupt();
}

int send_all(int socket, const void* data, size_t size, int descriptor) {
  const char* next = data;
  while (size > 0) {
    struct iovec part = {(void*)next, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union {
      struct cmsghdr head;
      char space[CMSG_SPACE(sizeof(int))];
    } control;
    if (descriptor >= 0) {
      memset(&control, 0, sizeof control);
      message.msg_control = control.space;
      message.msg_controllen = sizeof control.space;
      struct cmsghdr* rights = CMSG_FIRSTHDR(&message);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(sizeof(int));
      memcpy(CMSG_DATA(rights), &descriptor, sizeof(int));
    }
    const ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      next += sent;
      size -= (size_t)sent;
      descriptor = -1;
    } else if (errno == EAGAIN) {
      wait_for(socket, POLLOUT);
    } else if (errno != EINTR) {
      return 0;
    }
  }
  return 1;
}

int receive_all(int socket, void* data, size_t size, int* descriptors, int* count) {
  const int room = count ? *count : 0;
  if (count) *count = 0;
  char* next = data;
  while (size > 0) {
    struct iovec part = {next, size};
    union {
      struct cmsghdr head;
      char space[CMSG_SPACE(sizeof(int) * kMostDescriptors)];
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count) {
      message.msg_control = control.space;
      message.msg_controllen = sizeof control.space;
    }
    const ssize_t got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EAGAIN) {
      wait_for(socket, POLLIN);
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    if (count) {
      for (struct cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        const size_t came = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < came; ++i) {
          int one;
          memcpy(&one, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
          if (*count < room)
            descriptors[(*count)++] = one;
          else
            close(one);
        }
      }
    }
    next += got;
    size -= (size_t)got;
  }
  return 1;
}

SEXP connection_ask(SEXP holder, SEXP json) {
  const int socket = connection_socket(holder);
  if (socket < 0) return R_NilValue;
  SEXP text = STRING_ELT(json, 0);
  uint32_t size = (uint32_t)LENGTH(text);
  if (!send_all(socket, &size, sizeof size, -1) || !send_all(socket, CHAR(text), size, -1)) return R_NilValue;
  int descriptors[kMostDescriptors];
  int count = kMostDescriptors;
  if (!receive_all(socket, &size, sizeof size, descriptors, &count)) return R_NilValue;
  SEXP answer = PROTECT(Rf_allocVector(VECSXP, 2));
  SEXP sockets = SET_VECTOR_ELT(answer, 1, Rf_allocVector(VECSXP, count));
  for (int i = 0; i < count; ++i) SET_VECTOR_ELT(sockets, i, connection_of(descriptors[i]));
  if (size > kMostJson) Rf_error("the workers' answer has %u bytes, which is too many", size);
  char* words = R_alloc(size + 1, 1);
  if (!receive_all(socket, words, size, NULL, NULL)) {
    UNPROTECT(1);
    return R_NilValue;
  }
  SET_VECTOR_ELT(answer, 0, Rf_ScalarString(Rf_mkCharLenCE(words, (int)size, CE_UTF8)));
  UNPROTECT(1);
  return answer;
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

SEXP connection_wait(SEXP connections, SEXP seconds) {
  const int count = LENGTH(connections);
  struct pollfd* all = (struct pollfd*)R_alloc(count + 1, sizeof *all);
  for (int i = 0; i < count; ++i) {
    const int socket = connection_socket(VECTOR_ELT(connections, i));
    all[i] = (struct pollfd){.fd = socket, .events = POLLIN};
  }
  const double end = now() + Rf_asReal(seconds);
  int ready = 0;
  for (;;) {
    const double left = 1e3 * (end - now());
    ready = poll(all, (nfds_t)count, left < 0 ? 0 : left < kSliceMilliseconds ? (int)left + 1 : kSliceMilliseconds);
    if (ready > 0 || left <= 0) break;
    R_CheckUserInterrupt();
  }
  SEXP answer = PROTECT(Rf_allocVector(INTSXP, ready > 0 ? ready : 0));
  for (int i = 0, next = 0; i < count && next < ready; ++i)
    if (all[i].revents) INTEGER(answer)[next++] = i + 1;
  UNPROTECT(1);
  return answer;
}
