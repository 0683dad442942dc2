/* The members of the group: what each says, and what it does with what it hears. */
#ifndef PEOPLE_H
#define PEOPLE_H
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "frames.h"
#include "times.h"

enum {
    BODY_BYTES = 100,
    STAMP_DIGITS = 19,        /* nanoseconds at the start of each body */
    IN_FLIGHT_MAX = 1024,     /* of one sender */
    READ_BYTES = 1 << 17,     /* stays in the cache */
    REST_BYTES_MAX = 1 << 21, /* a longer frame than the server ever sends */
    ID_DIGITS = 16,           /* of an installation number */
};
static const int64_t SECOND_NS = 1000 * 1000 * 1000;

struct person {
    int fd;
    bool joined;
    uint64_t installation, counter; /* of its request ids */
    uint64_t seq, acked;
    int64_t acked_at;
    uint64_t in_flight;
    int64_t *sent_at; /* by counter, of a sender */
    unsigned char *rest; /* the beginning of a frame that hasn't come whole */
    size_t rest_bytes;
};

static struct person *people;
static size_t people_count, joined_count, senders;
static char group[64];
static size_t group_bytes;
static int64_t ack_delay_ns;
static uint64_t ack_entries_max, in_flight_each, sample_every;
static bool sending, measuring, closed_loop;
static uint64_t newest; /* the highest number that anybody has seen, or was told for a message of its own */
static uint64_t deliveries, stored, acks, probes, other_pushes;
static struct times delivery, acknowledgement;

static _Noreturn __attribute__((format(printf, 1, 2))) void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

/* -- what they say ----------------------------------------------------------------------------------------------- */
static struct out out;

static __attribute__((format(printf, 1, 2))) void put_text(const char *format, ...)
{
    char payload[1024];
    va_list arguments;
    va_start(arguments, format);
    if (!put_frame(&out, TEXT, payload, (size_t)vsnprintf(payload, sizeof payload, format, arguments)))
        fail("too much to send at once");
    va_end(arguments);
}

static void send_out(struct person *p)
{
    /* What is in flight is bounded and small: it always fits the socket's buffer while the server reads. */
    if (out.bytes > 0 && send(p->fd, out.data, out.bytes, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)out.bytes)
        fail("the server has stopped reading: %s", strerror(errno));
    out.bytes = 0;
}

static void put_join(struct person *p, const char *name)
{
    p->counter++;
    put_text("{\"t\":\"join_group\",\"id\":\"%016" PRIx64 "-%" PRIu64 "\",\"group\":\"%s\"}", p->installation,
             p->counter, name);
}

static void put_message(struct person *p)
{
    int64_t now = now_ns();
    if (p->in_flight == IN_FLIGHT_MAX)
        fail("%d messages of one sender unanswered", IN_FLIGHT_MAX);
    p->counter++;
    p->in_flight++;
    p->sent_at[p->counter % IN_FLIGHT_MAX] = now;
    put_text("{\"t\":\"send_group\",\"id\":\"%016" PRIx64 "-%" PRIu64 "\",\"group\":\"%s\",\"body\":\"%0*" PRId64
             "%0*d\"}", p->installation, p->counter, group, STAMP_DIGITS, now, BODY_BYTES - STAMP_DIGITS, 0);
}

/* As chatapp's client does: at once if the last ack is as long ago as the server asks, or if there is much to ack. */
static void put_ack_if_due(struct person *p, int64_t now)
{
    if (p->seq == p->acked || (now < p->acked_at + ack_delay_ns && p->seq - p->acked < ack_entries_max))
        return;
    put_text("{\"t\":\"ack\",\"group\":\"%s\",\"seq\":%" PRIu64 "}", group, p->seq);
    p->acked = p->seq;
    p->acked_at = now;
    acks++;
}

/* -- what they hear ---------------------------------------------------------------------------------------------- */
static bool begins(const struct frame *f, const char *with)
{
    size_t bytes = strlen(with);
    return f->bytes >= bytes && memcmp(f->payload, with, bytes) == 0;
}

/* What follows `name` in the payload. */
static const char *after(const struct frame *f, const char *name)
{
    const char *found = memmem(f->payload, f->bytes, name, strlen(name));
    if (found == NULL)
        fail("no %s in %.*s", name, (int)f->bytes, f->payload);
    return found + strlen(name);
}

static uint64_t number(const char *digits)
{
    uint64_t value = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++)
        value = value * 10 + (uint64_t)(*digits - '0');
    return value;
}

static int64_t seconds_as_ns(const char *decimal)
{
    return (int64_t)(strtod(decimal, NULL) * 1e9);
}

/* Millions of times a second, hence by position: the type, the group and the number come first, the body last. */
static void on_entry(struct person *p, const struct frame *f, int64_t now)
{
    static const char before_seq[] = "\",\"seq\":", before_body[] = ",\"body\":\"";
    const char *seq = f->payload + strlen("{\"t\":\"entry\",\"group\":\"") + group_bytes;
    if (f->bytes < 64 || memcmp(seq, before_seq, strlen(before_seq)) != 0)
        fail("another order of fields than this program knows: %.*s", (int)f->bytes, f->payload);
    uint64_t n = number(seq + strlen(before_seq));
    if (!p->joined || n != p->seq + 1)
        fail("person %zd got entry %" PRIu64 " after %" PRIu64, p - people, n, p->seq);
    p->seq = n;
    if (n > newest)
        newest = n;
    if (!measuring)
        return;
    deliveries++;
    if ((n + (uint64_t)(p - people)) % sample_every != 0)
        return;
    const char *body = f->payload + f->bytes - strlen("\"}") - BODY_BYTES;
    if (memcmp(body - strlen(before_body), before_body, strlen(before_body)) != 0)
        fail("a body that nobody sent: %.*s", (int)f->bytes, f->payload);
    int64_t sent_at = 0;
    for (int i = 0; i < STAMP_DIGITS; i++)
        sent_at = sent_at * 10 + (body[i] - '0');
    add_time(&delivery, now - sent_at);
}

static void on_stored(struct person *p, const struct frame *f, int64_t now)
{
    uint64_t counter = number(after(f, "\"re\":\"") + ID_DIGITS + strlen("-")), seq = number(after(f, "\"seq\":"));
    if (seq > newest)
        newest = seq;
    p->in_flight--;
    if (measuring) {
        stored++;
        add_time(&acknowledgement, now - p->sent_at[counter % IN_FLIGHT_MAX]);
    }
}

static void on_joined(struct person *p, const struct frame *f)
{
    const char *id = after(f, "\"group\":\"");
    group_bytes = strcspn(id, "\"");
    if (group_bytes >= sizeof group)
        fail("a group id of %zu bytes", group_bytes);
    memcpy(group, id, group_bytes);
    group[group_bytes] = 0;
    p->seq = p->acked = number(after(f, "\"start\":"));
    ack_delay_ns = seconds_as_ns(after(f, "\"ack_delay_s\":"));
    p->joined = true;
    joined_count++;
}

static void on_text(struct person *p, const struct frame *f, int64_t now)
{
    if (begins(f, "{\"t\":\"entry\",")) {
        on_entry(p, f, now);
    } else if (begins(f, "{\"t\":\"stored\",")) {
        on_stored(p, f, now);
    } else if (begins(f, "{\"t\":\"joined\",")) {
        on_joined(p, f);
    } else if (begins(f, "{\"t\":\"probe\",")) {
        put_text("{\"t\":\"alive\",\"n\":%" PRIu64 "}", number(after(f, "\"n\":")));
        probes++;
    } else if (begins(f, "{\"t\":\"cursors\",")) {
        ack_delay_ns = seconds_as_ns(after(f, "\"ack_delay_s\":"));
        other_pushes++;
    } else if (begins(f, "{\"t\":\"roster\",") || begins(f, "{\"t\":\"heads\",")) {
        other_pushes++;
    } else {
        fail("person %zd got %.*s", p - people, (int)f->bytes, f->payload);
    }
}

static void on_frame(struct person *p, const struct frame *f, int64_t now)
{
    switch (f->first) {
    case 0x80 | TEXT:
        on_text(p, f, now);
        break;
    case 0x80 | PING:
        put_frame(&out, PONG, f->payload, f->bytes);
        break;
    case 0x80 | PONG:
        break;
    default:
        fail("person %zd got a frame that begins with %02x", p - people, f->first);
    }
}

static void on_readable(struct person *p)
{
    static unsigned char data[REST_BYTES_MAX + READ_BYTES];
    if (p->rest_bytes > 0)
        memcpy(data, p->rest, p->rest_bytes);
    ssize_t got = recv(p->fd, data + p->rest_bytes, READ_BYTES, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        fail("person %zd was cut off: %s", p - people, got < 0 ? strerror(errno) : "end of stream");
    int64_t now = now_ns();
    size_t bytes = p->rest_bytes + (size_t)got, used = 0;
    struct frame f;
    for (size_t taken; (taken = take_frame(data + used, bytes - used, &f)) > 0; used += taken)
        on_frame(p, &f, now);
    p->rest_bytes = bytes - used;
    if (p->rest_bytes > REST_BYTES_MAX)
        fail("person %zd got a frame of more than %d bytes", p - people, REST_BYTES_MAX);
    if (p->rest_bytes > 0) {
        p->rest = realloc(p->rest, p->rest_bytes);
        memcpy(p->rest, data + used, p->rest_bytes);
    }
    put_ack_if_due(p, now);
    if (sending && closed_loop && (size_t)(p - people) < senders)
        while (p->in_flight < in_flight_each)
            put_message(p);
    send_out(p);
}
#endif
