/* Times, counted in buckets: 32 to each power of two of nanoseconds, so a quantile is right within 3%. */
#ifndef TIMES_H
#define TIMES_H
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

enum { BUCKETS = 32, POWER_MIN = 5 };
struct times { uint64_t count, bucket[64 * BUCKETS]; int64_t most; };

static void add_time(struct times *times, int64_t ns)
{
    uint64_t value = ns < BUCKETS ? BUCKETS : (uint64_t)ns;
    int power = 63 - __builtin_clzll(value);
    times->bucket[power * BUCKETS + (int)(value >> (power - POWER_MIN) & (BUCKETS - 1))]++;
    times->count++;
    if (ns > times->most)
        times->most = ns;
}

/* The upper end of the bucket that holds the quantile. */
static double quantile_ms(const struct times *times, double quantile)
{
    uint64_t wanted = (uint64_t)(quantile * (double)times->count), seen = 0;
    for (int i = POWER_MIN * BUCKETS; i < 64 * BUCKETS; i++)
        if ((seen += times->bucket[i]) > wanted)
            return (double)((uint64_t)(i % BUCKETS + BUCKETS + 1) << (i / BUCKETS - POWER_MIN)) / 1e6;
    return 0;
}

/* A member of a JSON object. */
static void print_times(const char *name, const struct times *times)
{
    printf("\"%s_ms\": {\"p50\": %.4f, \"p99\": %.4f, \"max\": %.4f, \"samples\": %" PRIu64 "}, ", name,
           quantile_ms(times, 0.50), quantile_ms(times, 0.99), (double)times->most / 1e6, times->count);
}
#endif
