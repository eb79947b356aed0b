/*
 * The floor: packets encoded beforehand, one write() a message, acknowledgements counted by their bytes, epoll, a
 * 1 ms timer. Arguments: port devices qos totalRateHz payloadBytes window connectsInFlight. QoS 0 and 1. Speaks the
 * same lines as the other comparators: connect, go, counts, finish.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { STDIN_TAG = -1, TIMER_TAG = -2 };

struct writer {
  int fd, connected, in_flight, partial, id_at, length, left;
  unsigned short id;
  unsigned char *packet;
};

static struct writer *writers;
static int port, devices, qos, payload_bytes, window, in_flight_limit, epoll_fd, timer_fd;
static int started, opened, up, publishing, finishing;
static double total_rate, start_s, connect_s;
static long messages, acked, scheduled;

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void watch(int fd, int tag, unsigned events) {
  struct epoll_event event = {.events = events, .data.u64 = (unsigned long)(long)tag};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
}

static void encode(struct writer *w, int index) {
  char topic[32];
  int topic_length = snprintf(topic, sizeof topic, "bench/d%d", index);
  int body = 2 + topic_length + (qos ? 2 : 0) + payload_bytes, at = 0;
  w->packet = malloc(body + 5);
  w->packet[at++] = 0x30 | (qos << 1);
  for (int left = body; ; left /= 128) {
    w->packet[at++] = left % 128 + (left > 127 ? 128 : 0);
    if (left < 128) break;
  }
  w->packet[at++] = topic_length >> 8;
  w->packet[at++] = topic_length & 255;
  memcpy(w->packet + at, topic, topic_length);
  at += topic_length;
  w->id_at = qos ? at : 0;
  at += qos ? 2 : 0;
  memset(w->packet + at, 'x', payload_bytes);
  w->length = at + payload_bytes;
}

static void open_next(void) {
  if (opened == devices) return;
  int index = opened++, one = 1;
  struct writer *w = &writers[index];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (w->fd < 0) fail("socket");
  setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  encode(w, index);
  if (connect(w->fd, (void *)&to, sizeof to) && errno != EINPROGRESS) fail("connect");
  watch(w->fd, index, EPOLLOUT);
}

static void greet(struct writer *w, int index) {
  unsigned char packet[64] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0};
  int id = snprintf((char *)packet + 14, 40, "bench-%d", index), refused = 0;
  socklen_t size = sizeof refused;
  getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &refused, &size);
  if (refused) {
    errno = refused;
    fail("connect");
  }
  packet[13] = id;
  packet[1] = 12 + id;
  if (write(w->fd, packet, 14 + id) != 14 + id) fail("write CONNECT");
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = (unsigned long)index};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, w->fd, &event);
}

/* Sends the rest of a packet that the socket took in part; 0 when it is still full. */
static int flush(struct writer *w) {
  while (w->left) {
    ssize_t done = write(w->fd, w->packet + w->length - w->left, w->left);
    if (done < 0 && errno == EAGAIN) return 0;
    if (done < 0) fail("write");
    w->left -= done;
  }
  return 1;
}

static int send_one(struct writer *w) {
  if (!flush(w)) return 0;
  if (qos) {
    w->id = w->id % 65535 + 1;
    w->packet[w->id_at] = w->id >> 8;
    w->packet[w->id_at + 1] = w->id & 255;
  }
  ssize_t done = write(w->fd, w->packet, w->length);
  if (done < 0 && errno == EAGAIN) {
    if (qos) w->id -= 1;
    return 0;
  }
  if (done < 0) fail("write");
  w->left = w->length - done;
  messages += 1;
  if (qos) w->in_flight += 1;
  else acked += 1;
  return 1;
}

static void fill_window(struct writer *w) {
  while (publishing && w->in_flight < window && send_one(w)) {}
}

static void receive(struct writer *w) {
  unsigned char bytes[4096];
  ssize_t size = read(w->fd, bytes, sizeof bytes);
  if (size <= 0) {
    if (size < 0 && errno == EAGAIN) return;
    fprintf(stderr, "the broker closed a connection\n");
    exit(1);
  }
  if (!w->connected) {
    w->connected = 1;
    up += 1;
    if (up == devices) printf("{\"event\":\"connected\",\"ms\":%.1f}\n", (now_s() - connect_s) * 1000);
    else open_next();
    return;
  }
  int all = w->partial + size;
  w->partial = all % 4;
  w->in_flight -= all / 4;
  acked += all / 4;
  if (total_rate == 0) fill_window(w);
}

static void tick(void) {
  unsigned long expired;
  if (read(timer_fd, &expired, sizeof expired) < 0) return;
  if (!publishing) return;
  long due = (now_s() - start_s) * total_rate;
  for (; scheduled < due; scheduled++) {
    struct writer *w = &writers[scheduled % devices];
    while (!send_one(w)) usleep(100);
  }
}

static void obey(void) {
  char text[256];
  ssize_t size = read(0, text, sizeof text - 1);
  if (size <= 0) exit(0);
  text[size] = 0;
  if (strstr(text, "connect")) {
    connect_s = now_s();
    for (int open = 0; open < in_flight_limit; open++) open_next();
  }
  if (strstr(text, "go")) {
    publishing = started = 1;
    start_s = now_s();
    if (total_rate == 0 && qos) for (int i = 0; i < devices; i++) fill_window(&writers[i]);
  }
  if (strstr(text, "counts")) printf("{\"event\":\"counts\",\"messages\":%ld,\"acked\":%ld}\n", messages, acked);
  if (strstr(text, "finish")) {
    publishing = 0;
    finishing = 1;
  }
}

static int settled(void) {
  if (acked < messages) return 0;
  for (int i = 0; i < devices; i++) if (!flush(&writers[i])) return 0;
  return 1;
}

static void leave(void) {
  const unsigned char disconnect[2] = {0xe0, 0};
  for (int i = 0; i < devices; i++)
    if (write(writers[i].fd, disconnect, 2) != 2) fail("write DISCONNECT");
  printf("{\"event\":\"finished\",\"messages\":%ld,\"acked\":%ld,\"ackMs\":null,\"latenessMs\":null}\n", messages, acked);
  exit(0);
}

int main(int argc, char **argv) {
  if (argc != 8) return 2;
  port = atoi(argv[1]);
  devices = atoi(argv[2]);
  qos = atoi(argv[3]);
  total_rate = atof(argv[4]);
  payload_bytes = atoi(argv[5]);
  window = atoi(argv[6]);
  in_flight_limit = atoi(argv[7]);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  setvbuf(stdout, NULL, _IOLBF, 0);
  writers = calloc(devices, sizeof *writers);
  epoll_fd = epoll_create1(0);
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec every = {{0, 1000000}, {0, 1000000}};
  timerfd_settime(timer_fd, 0, &every, NULL);
  watch(0, STDIN_TAG, EPOLLIN);
  watch(timer_fd, TIMER_TAG, EPOLLIN);
  printf("{\"event\":\"ready\"}\n");
  struct epoll_event events[1024];
  for (;;) {
    int unpaced = publishing && total_rate == 0 && !qos, sent = 0;
    if (unpaced) for (int i = 0; i < devices; i++) sent += send_one(&writers[i]);
    int count = epoll_wait(epoll_fd, events, 1024, unpaced && sent ? 0 : -1);
    for (int i = 0; i < count; i++) {
      int tag = (int)(long)events[i].data.u64;
      if (tag == STDIN_TAG) obey();
      else if (tag == TIMER_TAG) tick();
      else if (events[i].events & EPOLLOUT) greet(&writers[tag], tag);
      else receive(&writers[tag]);
    }
    if (finishing && settled()) leave();
  }
}
