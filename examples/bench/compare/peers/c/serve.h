// The protocol of all peers: a header line, then a line "NAME SECONDS" on standard input is answered by one line with the measurement.
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)
#define GCC TEXT_OF(__GNUC__)

struct workload {
    const char *name;
    void (*init)(void);
    float (*step)(void); // returns the loss
};

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }

// measure returns the seconds of a step: the best of five repetitions after warm-up, each long enough for a fifth of the time.
static inline double measure(float (*step)(void), double seconds, float *first, float *last) {
    *first = step();
    for (int i = 0; i < 5; i++) step();
    double t = now();
    *last = step();
    long n = (long)(seconds / 5 / fmax(now() - t, 1e-7));
    if (n < 1) n = 1;
    double best = 1e9;
    for (int r = 0; r < 5; r++) {
        t = now();
        for (long i = 0; i < n; i++) *last = step();
        best = fmin(best, (now() - t) / n);
    }
    return best;
}

static inline int serve(const char *peer, int threads, const struct workload *all) {
    printf("{\"peer\": \"%s\", \"threads\": %d, \"workloads\": [", peer, threads);
    for (const struct workload *w = all; w->name; w++) printf("%s\"%s\"", w == all ? "" : ", ", w->name);
    printf("]}\n");
    fflush(stdout);
    char name[100];
    double seconds;
    while (scanf("%99s %lf", name, &seconds) == 2) {
        const struct workload *w = all;
        while (w->name && strcmp(w->name, name)) w++;
        if (!w->name) {
            printf("{\"error\": \"unknown workload\"}\n");
            fflush(stdout);
            continue;
        }
        float first, last;
        w->init();
        double t = measure(w->step, seconds, &first, &last);
        if (last < first)
            printf("{\"peer\": \"%s\", \"workload\": \"%s\", \"threads\": %d, \"us_per_step\": %.4f, \"final_loss\": %g}\n", peer, name, threads, t * 1e6, last);
        else
            printf("{\"error\": \"the loss did not fall: %g to %g\"}\n", first, last);
        fflush(stdout);
    }
    return 0;
}
