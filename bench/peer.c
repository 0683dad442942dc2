/* The peer of `make bench`: one group in C with epoll, speaking as much of chatapp's protocol as load.c needs, and
 * keeping nothing: no log-in, no log, no receipts. `peer PORT each` sends each message to each reader with a send() of
 * its own, as most chat servers do; `peer PORT joined` sends each reader all that came in one turn of the loop with one
 * send(), as chatapp does: what this machine's kernel, and the load generator, can do at most. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 17, JOINED_BYTES = 1 << 24 };
struct reader { int fd; bool upgraded; size_t bytes; unsigned char data[1 << 14]; };

static struct reader **members;
static size_t member_count;
static unsigned long head;
static bool each;
static char joined[JOINED_BYTES];
static size_t joined_bytes;

static void deliver(const char *data, size_t bytes)
{
    for (size_t i = 0; i < member_count; i++) /* waits for a reader that is behind: nothing is dropped */
        if (send(members[i]->fd, data, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
            members[i--] = members[--member_count];
}

static size_t frame(char *to, const char *payload, size_t bytes)
{
    size_t header = bytes < 126 ? 2 : 4;
    to[0] = (char)0x81;
    to[1] = (char)(bytes < 126 ? bytes : 126);
    if (bytes >= 126) {
        to[2] = (char)(bytes >> 8);
        to[3] = (char)bytes;
    }
    memcpy(to + header, payload, bytes);
    return header + bytes;
}

static void answer(struct reader *to, const char *payload, int bytes)
{
    char framed[1024];
    send(to->fd, framed, frame(framed, payload, (size_t)bytes), MSG_NOSIGNAL);
}

static void grow(const char *id, const char *kind, const char *body)
{
    char payload[1024], framed[1024];
    int bytes = snprintf(payload, sizeof payload,
                         "{\"t\":\"entry\",\"group\":\"0000000000000001\",\"seq\":%lu,\"at\":%ld000,\"by\":\"bench0000\","
                         "\"id\":\"%s\",\"kind\":\"%s\",\"body\":\"%s\"}", ++head, (long)time(NULL), id, kind, body);
    size_t size = frame(framed, payload, (size_t)bytes);
    if (each) {
        deliver(framed, size);
    } else if (joined_bytes + size <= JOINED_BYTES) {
        memcpy(joined + joined_bytes, framed, size);
        joined_bytes += size;
    }
}

/* A field's text, copied. These bodies have no escapes. */
static const char *field(const char *payload, const char *name, char *to, size_t bytes_max)
{
    const char *value = strstr(payload, name);
    value = value == NULL ? "" : value + strlen(name);
    size_t bytes = strcspn(value, "\"");
    bytes = bytes < bytes_max ? bytes : bytes_max - 1;
    memcpy(to, value, bytes);
    to[bytes] = 0;
    return to;
}

static void on_text(struct reader *from, const char *payload)
{
    char id[64], body[512], text[256];
    if (strncmp(payload, "{\"t\":\"send_group\"", 17) == 0) {
        field(payload, "\"id\":\"", id, sizeof id);
        grow(id, "text", field(payload, "\"body\":\"", body, sizeof body));
        answer(from, text, sprintf(text, "{\"t\":\"stored\",\"re\":\"%s\",\"seq\":%lu,\"at\":0}", id, head));
    } else if (strncmp(payload, "{\"t\":\"join_group\"", 17) == 0) {
        field(payload, "\"id\":\"", id, sizeof id);
        deliver(joined, joined_bytes); /* to those who were members already */
        joined_bytes = 0;
        answer(from, text, sprintf(text, "{\"t\":\"joined\",\"re\":\"%s\",\"group\":\"0000000000000001\",\"start\":%lu,"
                                   "\"ack_delay_s\":1.0}", id, head));
        members[member_count++] = from;
        grow(id, "joined", "");
    }
}

/* Takes the whole masked frames, or the upgrade request, off the front of what has come. */
static void on_bytes(struct reader *r)
{
    if (!r->upgraded) {
        if (memmem(r->data, r->bytes, "\r\n\r\n", 4) == NULL)
            return;
        static const char upgrade[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        send(r->fd, upgrade, sizeof upgrade - 1, MSG_NOSIGNAL);
        r->upgraded = true;
        r->bytes = 0; /* the client says nothing before the answer */
    }
    size_t at = 0;
    while (r->bytes - at >= 8) {
        unsigned char *data = r->data + at;
        size_t length = data[1] & 127, header = 6;
        if (length == 126) {
            length = (size_t)data[2] << 8 | data[3];
            header = 8;
        }
        if (r->bytes - at < header + length)
            break;
        char payload[1024] = "";
        for (size_t i = 0; i < length && i < sizeof payload - 1; i++)
            payload[i] = (char)(data[header + i] ^ data[header - 4 + (i & 3)]);
        on_text(r, payload);
        at += header + length;
    }
    memmove(r->data, r->data + at, r->bytes -= at);
}

int main(int count, char **argument)
{
    if (count != 3)
        return fputs("peer PORT each|joined\n", stderr), 2;
    each = strcmp(argument[2], "each") == 0;
    members = calloc(20000, sizeof *members);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poller = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argument[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0)
        return perror("peer"), 1;
    struct epoll_event events[256], event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            struct reader *r = events[i].data.ptr;
            if (r == NULL) {
                r = calloc(1, sizeof *r);
                r->fd = accept(listener, NULL, NULL);
                setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event.data.ptr = r;
                epoll_ctl(poller, EPOLL_CTL_ADD, r->fd, &event);
                continue;
            }
            ssize_t got = recv(r->fd, r->data + r->bytes, sizeof r->data - r->bytes, MSG_DONTWAIT);
            if (got <= 0) { /* its memory is left to the end of the run: `members` may still name it */
                close(r->fd);
                continue;
            }
            r->bytes += (size_t)got;
            on_bytes(r);
        }
        if (joined_bytes > 0)
            deliver(joined, joined_bytes);
        joined_bytes = 0;
    }
}
