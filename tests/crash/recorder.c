/* Records what a program does to the files below $RECORD_DIR, in order, into $RECORD_FILE, for replay.py:
   one record = op, inode, offset, length of the name, length of the data (five little-endian uint64), name, data.
   Ops: C create, W write, T truncate (offset is the new size), S sync, R rename (data is the new name), U unlink,
   D sync of a folder, A a write to standard output (what the program has told the world). Preloaded by the tests.
   Shared memory (-shm) is left out: it does not outlive a power cut, and SQLite builds it anew. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int out = -2;
#define REAL(name, type) ((type)dlsym(RTLD_NEXT, #name))
typedef ssize_t (*write_t)(int, const void *, size_t);
typedef ssize_t (*pwrite_t)(int, const void *, size_t, off_t);
typedef int (*open_t)(const char *, int, ...);
typedef int (*openat_t)(int, const char *, int, ...);
typedef int (*fd_t)(int);
typedef int (*truncate_t)(int, off_t);
typedef int (*two_t)(const char *, const char *);
typedef int (*one_t)(const char *);

static const char *below(const char *path) {
  const char *folder = getenv("RECORD_DIR");
  size_t length = folder ? strlen(folder) : 0;
  if (!length || strncmp(path, folder, length)) return NULL;
  if (path[length] == 0) return "";
  if (path[length] != '/') return NULL;
  const char *end = strrchr(path, '-');
  return end && !strcmp(end, "-shm") ? NULL : path + length + 1;
}

static void put(const void *data, size_t size) {
  if (REAL(write, write_t)(out, data, size) != (ssize_t)size) abort();
}

static void record(char op, uint64_t inode, uint64_t offset, const char *name, const void *data, size_t size) {
  pthread_mutex_lock(&lock);
  if (out == -2) {
    const char *file = getenv("RECORD_FILE");
    out = file ? REAL(open64, open_t)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  }
  if (out >= 0) {
    uint64_t head[5] = {(unsigned char)op, inode, offset, strlen(name), size};
    put(head, sizeof head);
    put(name, strlen(name));
    put(data, size);
  }
  pthread_mutex_unlock(&lock);
}

/* The inode of a regular file below the folder, or 0; 1 for a folder below it. */
static uint64_t known(int fd) {
  char link[64], path[PATH_MAX];
  struct stat info;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0 || fstat(fd, &info)) return 0;
  path[length] = 0;
  if (!below(path)) return 0;
  return S_ISREG(info.st_mode) ? info.st_ino : 0;
}

static int made(const char *path, int flags, int existed, int fd) {
  struct stat info;
  const char *name = below(path);
  if (fd >= 0 && name && (flags & O_CREAT) && !existed && !fstat(fd, &info))
    record('C', info.st_ino, 0, name, "", 0);
  if (fd >= 0 && name && existed && (flags & O_TRUNC) && !fstat(fd, &info))
    record('T', info.st_ino, 0, "", "", 0);
  return fd;
}

#define OPEN(call)                                                                   \
  int call(const char *path, int flags, ...) {                                       \
    va_list rest;                                                                    \
    va_start(rest, flags);                                                           \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;          \
    va_end(rest);                                                                    \
    int existed = access(path, F_OK) == 0;                                           \
    return made(path, flags, existed, REAL(call, open_t)(path, flags, mode));        \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(call)                                                                 \
  int call(int at, const char *path, int flags, ...) {                               \
    va_list rest;                                                                    \
    va_start(rest, flags);                                                           \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;          \
    va_end(rest);                                                                    \
    int existed = access(path, F_OK) == 0;                                           \
    return made(path, flags, existed, REAL(call, openat_t)(at, path, flags, mode));  \
  }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t size) {
  uint64_t inode = fd == 1 ? 0 : known(fd);
  off_t at = inode ? lseek(fd, 0, SEEK_CUR) : 0;
  ssize_t done = REAL(write, write_t)(fd, data, size);
  if (done > 0 && fd == 1) record('A', 0, 0, "", data, done);
  if (done > 0 && inode) record('W', inode, at, "", data, done);
  return done;
}

#define PWRITE(call)                                                                 \
  ssize_t call(int fd, const void *data, size_t size, off_t at) {                    \
    ssize_t done = REAL(call, pwrite_t)(fd, data, size, at);                         \
    uint64_t inode = done > 0 ? known(fd) : 0;                                       \
    if (inode) record('W', inode, at, "", data, done);                               \
    return done;                                                                     \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define TRUNCATE(call)                                                               \
  int call(int fd, off_t size) {                                                     \
    int done = REAL(call, truncate_t)(fd, size);                                     \
    uint64_t inode = done == 0 ? known(fd) : 0;                                      \
    if (inode) record('T', inode, size, "", "", 0);                                  \
    return done;                                                                     \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

static void synced(int fd) {
  char link[64], path[PATH_MAX];
  struct stat info;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0 || fstat(fd, &info)) return;
  path[length] = 0;
  const char *name = below(path);
  if (!name) return;
  if (S_ISDIR(info.st_mode)) record('D', 0, 0, name, "", 0);
  if (S_ISREG(info.st_mode)) record('S', info.st_ino, 0, "", "", 0);
}

#define SYNC(call)                                                                   \
  int call(int fd) {                                                                 \
    int done = REAL(call, fd_t)(fd);                                                 \
    if (done == 0) synced(fd);                                                       \
    return done;                                                                     \
  }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *from, const char *to) {
  int done = REAL(rename, two_t)(from, to);
  const char *old = below(from), *new = below(to);
  if (done == 0 && old && new) record('R', 0, 0, old, new, strlen(new));
  return done;
}

int unlink(const char *path) {
  int done = REAL(unlink, one_t)(path);
  const char *name = below(path);
  if (done == 0 && name) record('U', 0, 0, name, "", 0);
  return done;
}
