/* The load of `make bench`: takes over connections that crowd.py has logged in, and joins them to one group. All of
 * them read, the first few also write. It counts entries, fails unless each reader gets every number once and in
 * order, acks as slowly as the server asks, answers probes and pings, and takes all times from one clock.
 *
 * Arguments: the group's name (- to sit idle until standard input ends), senders, messages in flight in all, messages
 * a second (0: the next as soon as one is acknowledged), warm-up in seconds, measured seconds, of how many entries one
 * has its delivery timed, after how many entries a reader acks before its delay is over.
 * Standard input: a line "FD INSTALLATION" for each connection, then an empty line.
 * Standard output: "joined", "measuring", "measured", a line of JSON, "settled" when all have everything; or "idle".
 * Exit status: 0, or 1 after a line that says what went wrong. */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "people.h"

enum { PEOPLE_MAX = 20000, EVENTS_MAX = 256, TICK_NS = 10 * 1000 * 1000, JOINING_S_MAX = 60, DRAINING_S_MAX = 10 };

static int poller, timer;
static bool input_ended;

/* Acks that are due and, at a fixed rate, messages: one for each period that has passed. */
static void on_tick(void)
{
    static size_t next_sender;
    uint64_t periods = 0;
    if (read(timer, &periods, sizeof periods) != sizeof periods)
        return;
    for (; sending && !closed_loop && periods > 0; periods--, next_sender++) {
        put_message(&people[next_sender % senders]);
        send_out(&people[next_sender % senders]);
    }
    int64_t now = now_ns();
    for (struct person *p = people; p < people + people_count; p++) {
        put_ack_if_due(p, now);
        send_out(p);
    }
}

static void turn(void)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(poller, events, EVENTS_MAX, -1);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &timer)
            on_tick();
        else if (events[i].data.ptr == &input_ended)
            input_ended = true;
        else
            on_readable(events[i].data.ptr);
    }
}

static void watch(int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll: %s", strerror(errno));
}

static void start_ticking(int64_t period_ns)
{
    struct timespec period = {period_ns / SECOND_NS, period_ns % SECOND_NS};
    timerfd_settime(timer, 0, &(struct itimerspec){period, period}, NULL);
}

static void run_until(int64_t end)
{
    while (now_ns() < end)
        turn();
}

static bool all_have_everything(void)
{
    for (struct person *p = people; p < people + people_count; p++)
        if (!p->joined || p->seq < newest || p->in_flight > 0)
            return false;
    return true;
}

static void settle(const char *doing, int64_t s_max)
{
    for (int64_t end = now_ns() + s_max * SECOND_NS; !all_have_everything(); turn())
        if (now_ns() > end)
            fail("%s isn't done in time (%zu of %zu joined, newest entry %" PRIu64 ")", doing, joined_count,
                 people_count, newest);
}

static void say(const char *what)
{
    puts(what);
    fflush(stdout);
}

static double cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
           + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void take_over(void)
{
    char line[128];
    people = calloc(PEOPLE_MAX, sizeof *people);
    while (fgets(line, sizeof line, stdin) != NULL && line[0] != '\n') {
        struct person *p = &people[people_count++];
        if (people_count > PEOPLE_MAX || sscanf(line, "%d %" SCNx64, &p->fd, &p->installation) != 2)
            fail("not a connection: %s", line);
        p->counter = 1; /* crowd.py has used the first id */
        watch(p->fd, p);
    }
}

static void join_all(const char *name)
{
    for (struct person *p = people; p < people + people_count; p++) {
        if (p < people + senders)
            p->sent_at = calloc(IN_FLIGHT_MAX, sizeof *p->sent_at);
        put_join(p, name);
        send_out(p);
    }
    settle("joining", JOINING_S_MAX);
}

static void start_sending(void)
{
    sending = true;
    for (struct person *p = people; closed_loop && p < people + senders; p++) {
        while (p->in_flight < in_flight_each)
            put_message(p);
        send_out(p);
    }
}

static void measure(int64_t measured_ns)
{
    acks = probes = other_pushes = 0;
    measuring = true;
    int64_t begin = now_ns();
    double cpu_before_s = cpu_s();
    run_until(begin + measured_ns);
    printf("measured\n{\"seconds\": %.4f, \"load_cpu_s\": %.4f, \"deliveries\": %" PRIu64 ", \"stored\": %" PRIu64 ", ",
           (double)(now_ns() - begin) / 1e9, cpu_s() - cpu_before_s, deliveries, stored);
    print_times("delivery", &delivery);
    print_times("stored", &acknowledgement);
    printf("\"acks\": %" PRIu64 ", \"probes\": %" PRIu64 ", \"other_pushes\": %" PRIu64 "}\n", acks, probes,
           other_pushes);
    fflush(stdout);
    measuring = sending = false;
}

int main(int count, char **argument)
{
    if (count != 9)
        fail("eight arguments, as at the top of load.c");
    const char *name = argument[1];
    senders = number(argument[2]);
    uint64_t in_flight = number(argument[3]);
    int64_t rate = (int64_t)number(argument[4]);
    closed_loop = rate == 0;
    sample_every = number(argument[7]);
    ack_entries_max = number(argument[8]);

    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(timer, &timer);
    setvbuf(stdin, NULL, _IONBF, 0); /* so that its end is still there to be polled */
    take_over();
    if (strcmp(name, "-") == 0) {
        watch(STDIN_FILENO, &input_ended);
        for (say("idle"); !input_ended;)
            turn();
        return 0;
    }
    if (senders < 1 || senders > people_count || in_flight % senders != 0 || in_flight / senders > IN_FLIGHT_MAX)
        fail("%zu senders of %zu people, %" PRIu64 " in flight", senders, people_count, in_flight);
    in_flight_each = in_flight / senders;
    start_ticking(closed_loop ? TICK_NS : SECOND_NS / rate);
    join_all(name);
    say("joined");
    start_sending();
    run_until(now_ns() + seconds_as_ns(argument[5]));
    say("measuring");
    measure(seconds_as_ns(argument[6]));
    settle("the last messages", DRAINING_S_MAX);
    say("settled");
    return 0;
}
