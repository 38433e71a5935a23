// OpenBLAS's matrix products.
// Build: gcc -O3 -march=native gemm.c -lopenblas -lm
// usage: gemm [threads]     answers lines "NAME SECONDS" like the other peers; NAME is NN_64x128x784 (rows, columns, terms; T: transposed)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "serve.h"

void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
void openblas_set_num_threads(int);

static int ta, tb, m, n, k;
static float *a, *b, *c;
static float product(void) {
    cblas_sgemm(101, ta ? 112 : 111, tb ? 112 : 111, m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n);
    return 0;
}

// fill draws numbers of either sign that neither overflow nor vanish in a product.
static float *fill(long count) {
    float *x = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
    for (long i = 0; i < count; i++) x[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    return x;
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    openblas_set_num_threads(threads);
    printf("{\"peer\": \"openblas\", \"threads\": %d, \"workloads\": [\"*\"]}\n", threads);
    fflush(stdout);
    char name[100], A, B;
    double seconds;
    while (scanf("%99s %lf", name, &seconds) == 2) {
        if (sscanf(name, "%c%c_%dx%dx%d", &A, &B, &m, &n, &k) == 5) {
            ta = A == 'T', tb = B == 'T';
            a = fill((long)m * k), b = fill((long)k * n), c = fill((long)m * n);
            float first, last;
            double t = measure(product, seconds, &first, &last);
            printf("{\"peer\": \"openblas\", \"workload\": \"%s\", \"threads\": %d, \"us_per_step\": %.4f, \"gflops\": %.2f}\n", name, threads, t * 1e6, 2.0 * m * n * k / t / 1e9);
            free(a), free(b), free(c);
        } else {
            printf("{\"error\": \"unknown workload\"}\n");
        }
        fflush(stdout);
    }
    return 0;
}
