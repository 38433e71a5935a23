// Training steps written by hand at fixed sizes: what an expert gets from a C compiler.
// Build: gcc -O3 -march=native -ffast-math, with -DBLAS and -lopenblas for the variant whose large products are OpenBLAS's.
// usage: train [threads]     answers lines "NAME SECONDS" (see serve.h)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "serve.h"

static unsigned long long seed;
static double uni(void) { seed = seed * 6364136223846793005ULL + 1442695040888963407ULL; return ((seed >> 33) + 0.5) / 2147483648.0; }
static float gauss(void) { double u = uni(), v = uni(); return (float)(sqrt(-2 * log(u)) * cos(6.283185307179586 * v)); }
static float par(int fan_in) { return (float)((2 * uni() - 1) / sqrt(fan_in)); }
#define A64 __attribute__((aligned(64)))

#ifndef BLAS
// ---- xor: 2-8-1 tanh, mse, batch 4, SGD 0.1. The 8 hidden units lie in one AVX register.
static struct { float w1[2][8], b1[8], w2[8], b2, x[4][2], y[4]; } X A64;
static void xor_init(void) {
    seed = 1; memset(&X, 0, sizeof X);
    for (int i = 0; i < 4; i++) { X.x[i][0] = gauss(); X.x[i][1] = gauss(); X.y[i] = gauss(); }
    for (int h = 0; h < 8; h++) { X.w1[0][h] = par(2); X.w1[1][h] = par(2); X.b1[h] = par(2); X.w2[h] = par(8); }
    X.b2 = par(8);
}
static __attribute__((noinline)) float xor_step(void) {
    enum { B = 4, H = 8 };
    float a[B][H] A64, d[B], g1[2][H] = {{0}}, gb1[H] = {0}, g2[H] = {0}, gb2 = 0, loss = 0;
    for (int b = 0; b < B; b++)
        for (int h = 0; h < H; h++) a[b][h] = tanhf(X.b1[h] + X.x[b][0] * X.w1[0][h] + X.x[b][1] * X.w1[1][h]);
    for (int b = 0; b < B; b++) {
        float o = X.b2;
        for (int h = 0; h < H; h++) o += a[b][h] * X.w2[h];
        o -= X.y[b]; loss += o * o; d[b] = o * (2.0f / B); gb2 += d[b];
    }
    for (int b = 0; b < B; b++)
        for (int h = 0; h < H; h++) {
            g2[h] += d[b] * a[b][h];
            float dz = d[b] * X.w2[h] * (1 - a[b][h] * a[b][h]);
            gb1[h] += dz; g1[0][h] += dz * X.x[b][0]; g1[1][h] += dz * X.x[b][1];
        }
    for (int h = 0; h < H; h++) {
        X.w1[0][h] -= 0.1f * g1[0][h]; X.w1[1][h] -= 0.1f * g1[1][h];
        X.b1[h] -= 0.1f * gb1[h]; X.w2[h] -= 0.1f * g2[h];
    }
    X.b2 -= 0.1f * gb2;
    return loss / B;
}

// ---- iris: 4-16-3 tanh, softmax cross-entropy, batch 16, Adam 1e-3.
typedef struct { float w1[4][16], b1[16], w2[3][16], b2[3], pad[5]; } IrisP; // 131 parameters, padded to 136
static union { IrisP s; float v[136]; } IP A64, IG A64;
static float im[136] A64, iv[136] A64, ix[16][4], i1h[3][16] A64;
static float ib1 = 1, ib2 = 1; // beta^t
static void iris_init(void) {
    seed = 1; memset(&IP, 0, sizeof IP); memset(&IG, 0, sizeof IG); memset(im, 0, sizeof im); memset(iv, 0, sizeof iv); memset(i1h, 0, sizeof i1h); ib1 = ib2 = 1;
    for (int b = 0; b < 16; b++) { for (int i = 0; i < 4; i++) ix[b][i] = gauss(); i1h[(int)(uni() * 3)][b] = 1; }
    for (int h = 0; h < 16; h++) { for (int i = 0; i < 4; i++) IP.s.w1[i][h] = par(4); IP.s.b1[h] = par(4); for (int o = 0; o < 3; o++) IP.s.w2[o][h] = par(16); }
    for (int o = 0; o < 3; o++) IP.s.b2[o] = par(16);
}
static __attribute__((noinline)) float iris_step(void) {
    enum { B = 16, I = 4, H = 16, O = 3 };
    IrisP *p = &IP.s, *g = &IG.s;
    float a[B][H] A64, z[O][B] A64, e[O][B] A64, mx[B] A64, sum[B] A64, loss = 0;
    for (int b = 0; b < B; b++)
        for (int h = 0; h < H; h++) {
            float s = p->b1[h];
            for (int i = 0; i < I; i++) s += ix[b][i] * p->w1[i][h];
            a[b][h] = tanhf(s);
        }
    for (int o = 0; o < O; o++)
        for (int b = 0; b < B; b++) {
            float s = 0;
            for (int h = 0; h < H; h++) s += a[b][h] * p->w2[o][h];
            z[o][b] = s + p->b2[o];
        }
    for (int b = 0; b < B; b++) { float m = z[0][b]; m = z[1][b] > m ? z[1][b] : m; m = z[2][b] > m ? z[2][b] : m; mx[b] = m; sum[b] = 0; }
    for (int o = 0; o < O; o++)
        for (int b = 0; b < B; b++) { e[o][b] = expf(z[o][b] - mx[b]); sum[b] += e[o][b]; }
    for (int b = 0; b < B; b++) { loss += logf(sum[b]) + mx[b] - (z[0][b] * i1h[0][b] + z[1][b] * i1h[1][b] + z[2][b] * i1h[2][b]); sum[b] = (1.0f / B) / sum[b]; }
    for (int o = 0; o < O; o++) {
        float s = 0;
        for (int b = 0; b < B; b++) { e[o][b] = e[o][b] * sum[b] - (1.0f / B) * i1h[o][b]; s += e[o][b]; }
        g->b2[o] = s;
    }
    memset(g->w1, 0, sizeof g->w1); memset(g->b1, 0, sizeof g->b1); memset(g->w2, 0, sizeof g->w2);
    for (int b = 0; b < B; b++)
        for (int h = 0; h < H; h++) {
            float d = 0;
            for (int o = 0; o < O; o++) { g->w2[o][h] += e[o][b] * a[b][h]; d += e[o][b] * p->w2[o][h]; }
            d *= 1 - a[b][h] * a[b][h];
            g->b1[h] += d;
            for (int i = 0; i < I; i++) g->w1[i][h] += ix[b][i] * d;
        }
    ib1 *= 0.9f; ib2 *= 0.999f;
    float lr = 1e-3f / (1 - ib1), c2 = 1 / sqrtf(1 - ib2);
    for (int k = 0; k < 136; k++) {
        float q = IG.v[k];
        im[k] = 0.9f * im[k] + 0.1f * q;
        iv[k] = 0.999f * iv[k] + 0.001f * q * q;
        IP.v[k] -= lr * im[k] / (sqrtf(iv[k]) * c2 + 1e-8f);
    }
    return loss / B;
}
#endif

// ---- mnist: 784-128-10 relu, softmax cross-entropy, batch 64, SGD 0.01.
enum { MB = 64, MI = 784, MH = 128, MO = 10, MOP = 16, NP = MH / 16 };
static float mx[MB][MI] A64, ma[MB][MH] A64, mw2[MH][MOP] A64, mb1[MH] A64, mb2[MOP] A64, mz[MB][MOP] A64;
static int my[MB];
static float mw1[MI][MH] A64;       // row-major, for the BLAS variant
static float pw1[NP][MI][16] A64;   // the same in panels of 16 columns, for the plain-loop variant
static float mdz[MB][MH] A64, pdz[NP][MB][16] A64;
static void mnist_init(void) {
    seed = 1;
    for (int b = 0; b < MB; b++) { for (int i = 0; i < MI; i++) mx[b][i] = gauss(); my[b] = (int)(uni() * 10); }
    for (int i = 0; i < MI; i++) for (int h = 0; h < MH; h++) pw1[h / 16][i][h % 16] = mw1[i][h] = par(MI);
    memset(mw2, 0, sizeof mw2); memset(mb2, 0, sizeof mb2);
    for (int h = 0; h < MH; h++) { mb1[h] = par(MI); for (int o = 0; o < MO; o++) mw2[h][o] = par(MH); }
    for (int o = 0; o < MO; o++) mb2[o] = par(MH);
}
typedef float v8 __attribute__((vector_size(32), may_alias)); // gcc 12 spills a plain float c[4][16] tile; this keeps it in registers
typedef int v8i __attribute__((vector_size(32)));
#define LD(p) (*(const v8 *)(p))
#define ST(p) (*(v8 *)(p))

// A register tile of R x 16: with R = 6 the 12 accumulators hide the latency of the multiply-add units.
// (Blocking the 784 inputs for L1 was tried and changes nothing here.)
#define INLINE static inline __attribute__((always_inline))
INLINE void fwd_tile(const int R, int p, int b) {
    v8 c[6][2], zero = {0};
    for (int r = 0; r < R; r++) for (int j = 0; j < 2; j++) c[r][j] = LD(&mb1[p * 16 + j * 8]);
    for (int k = 0; k < MI; k++) {
        v8 w0 = LD(&pw1[p][k][0]), w1 = LD(&pw1[p][k][8]);
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) { float x = mx[b + r][k]; c[r][0] += x * w0; c[r][1] += x * w1; }
    }
    for (int r = 0; r < R; r++) for (int j = 0; j < 2; j++) ST(&ma[b + r][p * 16 + j * 8]) = (v8)((v8i)c[r][j] & (c[r][j] > zero));
}
#ifndef BLAS
// ma = relu(mx * w1 + b1)
static void fwd_plain(void) {
    for (int p = 0; p < NP; p++) {
        for (int b = 0; b < 60; b += 6) fwd_tile(6, p, b);
        fwd_tile(4, p, 60);
    }
}
#endif
INLINE void upd_tile(const int R, int p, int i) {
    v8 c[6][2] = {{{0}}};
    for (int b = 0; b < MB; b++) {
        v8 d0 = LD(&pdz[p][b][0]), d1 = LD(&pdz[p][b][8]);
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) { float x = mx[b][i + r]; c[r][0] += x * d0; c[r][1] += x * d1; }
    }
    for (int r = 0; r < R; r++) for (int j = 0; j < 2; j++) ST(&pw1[p][i + r][j * 8]) += -0.01f * c[r][j];
}
#ifndef BLAS
// w1 -= 0.01 * mx^T * dz, straight into the weights: no gradient array.
static void upd_plain(void) {
    for (int i0 = 0; i0 < 768; i0 += 48)
        for (int p = 0; p < NP; p++)
            for (int i = i0; i < i0 + 48; i += 6) upd_tile(6, p, i);
    for (int p = 0; p < NP; p++) { upd_tile(6, p, 768); upd_tile(6, p, 774); upd_tile(4, p, 780); }
}
#endif

// The second layer, the loss and their gradients: small, shared by both variants. Leaves dz of the hidden layer.
static float head(int panels) {
    float loss = 0, g2[MH][MOP] A64, w2t[MO][MH] A64, gb1[MH] A64 = {0}, gb2[MOP] A64 = {0};
    for (int h = 0; h < MH; h++) for (int o = 0; o < MO; o++) w2t[o][h] = mw2[h][o];
    for (int b = 0; b < MB; b += 4) {
        v8 c[4][2];
        for (int r = 0; r < 4; r++) { c[r][0] = LD(&mb2[0]); c[r][1] = LD(&mb2[8]); }
        for (int h = 0; h < MH; h++) {
            v8 w0 = LD(&mw2[h][0]), w1 = LD(&mw2[h][8]);
#pragma GCC unroll 4
            for (int r = 0; r < 4; r++) { float x = ma[b + r][h]; c[r][0] += x * w0; c[r][1] += x * w1; }
        }
        for (int r = 0; r < 4; r++) { ST(&mz[b + r][0]) = c[r][0]; ST(&mz[b + r][8]) = c[r][1]; }
    }
    for (int b = 0; b < MB; b++) {
        float m = mz[b][0], s = 0, e[MOP];
        for (int o = 1; o < MO; o++) m = mz[b][o] > m ? mz[b][o] : m;
        for (int o = 0; o < MOP; o++) e[o] = expf(mz[b][o] - m);
        for (int o = MO; o < MOP; o++) e[o] = 0;
        for (int o = 0; o < MOP; o++) s += e[o];
        loss += logf(s) + m - mz[b][my[b]];
        s = 1.0f / (MB * s);
        for (int o = 0; o < MOP; o++) mz[b][o] = e[o] * s;
        mz[b][my[b]] -= 1.0f / MB;
        for (int o = 0; o < MOP; o++) gb2[o] += mz[b][o];
    }
    for (int b = 0; b < MB; b++) {
        float t[MH] A64;
        for (int h = 0; h < MH; h++) {
            float d = 0;
#pragma GCC unroll 10
            for (int o = 0; o < MO; o++) d += mz[b][o] * w2t[o][h];
            t[h] = ma[b][h] > 0 ? d : 0;
            gb1[h] += t[h];
        }
        if (panels) for (int p = 0; p < NP; p++) memcpy(pdz[p][b], t + p * 16, 64);
        else memcpy(mdz[b], t, sizeof t);
    }
    for (int h = 0; h < MH; h += 4) {
        v8 c[4][2] = {{{0}}};
        for (int b = 0; b < MB; b++) {
            v8 d0 = LD(&mz[b][0]), d1 = LD(&mz[b][8]);
#pragma GCC unroll 4
            for (int r = 0; r < 4; r++) { float x = ma[b][h + r]; c[r][0] += x * d0; c[r][1] += x * d1; }
        }
        for (int r = 0; r < 4; r++) for (int j = 0; j < 2; j++) ST(&g2[h + r][j * 8]) = c[r][j];
    }
    for (int h = 0; h < MH; h++) for (int o = 0; o < MOP; o++) mw2[h][o] -= 0.01f * g2[h][o];
    for (int h = 0; h < MH; h++) mb1[h] -= 0.01f * gb1[h];
    for (int o = 0; o < MO; o++) mb2[o] -= 0.01f * gb2[o];
    return loss / MB;
}
#ifndef BLAS
static __attribute__((noinline)) float mnist_plain_step(void) { fwd_plain(); float l = head(1); upd_plain(); return l; }
#else
void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
void openblas_set_num_threads(int);
static __attribute__((noinline)) float mnist_blas_step(void) {
    cblas_sgemm(101, 111, 111, MB, MH, MI, 1, mx[0], MI, mw1[0], MH, 0, ma[0], MH);
    for (int b = 0; b < MB; b++) for (int h = 0; h < MH; h++) { float z = ma[b][h] + mb1[h]; ma[b][h] = z > 0 ? z : 0; }
    float l = head(0);
    cblas_sgemm(101, 112, 111, MI, MH, MB, -0.01f, mx[0], MI, mdz[0], MH, 1, mw1[0], MH);
    return l;
}
#endif

static struct workload workloads[] = {
#ifdef BLAS
    {"mnist_784_128_10_b64_sgd", mnist_init, mnist_blas_step},
#else
    {"xor_2_8_1_b4_sgd", xor_init, xor_step},
    {"iris_4_16_3_b16_adam", iris_init, iris_step},
    {"mnist_784_128_10_b64_sgd", mnist_init, mnist_plain_step},
#endif
    {0},
};

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    const char *peer = "c-gcc" GCC;
#ifdef BLAS
    openblas_set_num_threads(threads);
    peer = "c-gcc" GCC "-openblas";
#endif
    return serve(peer, threads, workloads);
}
