// FANN's training step on the xor workload (float): one step is one epoch over the 4 samples.
// Build: gcc -O3 -march=native fann.c -lfloatfann -lm
// usage: fann incremental|batch     answers lines "NAME SECONDS" (see serve.h)
#include <floatfann.h>
#include <stdlib.h>
#include "serve.h"

static float uni(void) { return (float)((rand() + 0.5) / (RAND_MAX + 1.0)); }
static float gauss(void) { return sqrtf(-2 * logf(uni())) * cosf(6.2831853f * uni()); }

static struct fann *ann;
static struct fann_train_data *data;
static enum fann_train_enum algorithm;

static float step_incremental(void) {
    fann_reset_MSE(ann);
    for (unsigned i = 0; i < 4; i++) fann_train(ann, data->input[i], data->output[i]);
    return fann_get_MSE(ann);
}
static float step_batch(void) { return fann_train_epoch(ann, data); }

static void init(void) {
    if (ann) {
        fann_destroy_train(data);
        fann_destroy(ann);
    }
    srand(1);
    ann = fann_create_standard(3, 2, 8, 1);
    fann_set_activation_function_hidden(ann, FANN_SIGMOID_SYMMETRIC); // tanh(steepness * x)
    fann_set_activation_steepness_hidden(ann, 1.0f);
    fann_set_activation_function_output(ann, FANN_LINEAR);
    fann_set_activation_steepness_output(ann, 1.0f);
    fann_set_train_error_function(ann, FANN_ERRORFUNC_LINEAR);
    fann_set_training_algorithm(ann, algorithm);
    fann_set_learning_rate(ann, 0.1f);
    fann_set_learning_momentum(ann, 0.0f);
    fann_randomize_weights(ann, -0.7f, 0.7f);
    data = fann_create_train(4, 2, 1);
    for (int i = 0; i < 4; i++) { data->input[i][0] = gauss(); data->input[i][1] = gauss(); data->output[i][0] = gauss(); }
}

int main(int argc, char **argv) {
    int batch = argc > 1 && !strcmp(argv[1], "batch");
    algorithm = batch ? FANN_TRAIN_BATCH : FANN_TRAIN_INCREMENTAL;
    struct workload all[] = {{"xor_2_8_1_b4_sgd", init, batch ? step_batch : step_incremental}, {0}};
    return serve(batch ? "fann-batch" : "fann-incremental", 1, all);
}
