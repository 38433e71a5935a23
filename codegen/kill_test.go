// Does a run that is killed lose anything? A program that trains is killed by SIGKILL at random moments, between and within steps and
// checkpoints, and run again: in the end it has the parameters, the state and the history of a run that was left alone, to the bit.
package codegen

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killModel has all that a checkpoint must keep: dropout, averaged weights, groups, states, and updates that follow their gradients.
const killModel = `model Kill {
    input  x [batch, 130]
    target y [batch, 2]
    h := dense(dropout(x, 0.1), 130, act: tanh) as first
    z := dense(h, 2)
    output value = z
    loss         = mean(mse(z, y))
    metric worst = mean(abs(z - y))
    optimizer adam(lr: 0.01, average: ema(0.9)) {
        for "*.b" { lr: 0.02 }
    }
}
`

const perRound = 12 // most steps that a run may do before it is killed

func TestKilledRuns(t *testing.T) {
	kills := 3
	if os.Getenv("NNGEN_LONG") != "" {
		kills = 20
	}
	files, err := generateText(t, killModel)
	if err != nil {
		t.Fatal(err)
	}
	driver, err := os.ReadFile("testdata/kill/main.go")
	if err != nil {
		t.Fatal(err)
	}
	exe, message := goBuild(t, withFiles(map[string]string{"main.go": string(driver)}, files), "build")
	if exe == "" {
		t.Fatal(message)
	}
	for _, kind := range []string{"MiniBatch", "MiniBatch in parts", "Stochastic with replacement", "Stochastic", "WholeSet", "Stream"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			steps := strconv.Itoa((perRound + 1) * kills)
			want := finishRun(t, exec.Command(exe, kind, t.TempDir(), steps))
			dir := t.TempDir()
			seed := rand.Uint64()
			rng := rand.New(rand.NewPCG(seed, 0))
			var resumed []int
			for range kills {
				resumed = append(resumed, killRun(t, exec.Command(exe, kind, dir, steps), rng))
			}
			t.Logf("seed %d, first steps of the runs: %d", seed, resumed)
			got := finishRun(t, exec.Command(exe, kind, dir, steps))
			if !bytes.Equal(got, want) {
				a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
				for i := range min(len(a), len(b)) {
					if a[i] != b[i] {
						t.Errorf("killed %d times, the run ends with\n%.300s\nundisturbed\n%.300s", kills, a[i], b[i])
					}
				}
				t.Errorf("%d lines and %d", len(a), len(b))
			}
			left, err := filepath.Glob(filepath.Join(dir, "ckpt", ".*"))
			if err != nil || len(left) > 0 {
				t.Errorf("what killed runs left half-written stays: %q, %v", left, err)
			}
		})
	}
}

// finishRun lets a run go on to its end and returns what it leaves.
func finishRun(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	result, err := os.ReadFile(filepath.Join(cmd.Args[2], "result"))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// killRun lets a run do some steps and kills it a moment later, in the next step or in a checkpoint. It returns the run's first step.
func killRun(t *testing.T, cmd *exec.Cmd, rng *rand.Rand) (first int) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	n := rng.IntN(perRound)
	if _, err := io.WriteString(in, strings.Repeat("x", n)); err != nil {
		t.Errorf("%v\n%s", err, said.String())
	}
	for i := range n + 1 {
		if !lines.Scan() {
			t.Errorf("ended after %d of %d steps", i, n+1)
			break
		}
		if i == 0 {
			first, _ = strconv.Atoi(lines.Text())
		}
	}
	if _, err := io.WriteString(in, "x"); err != nil {
		t.Error(err)
	}
	time.Sleep(time.Duration(rng.Int64N(int64(4 * time.Millisecond))))
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil || said.Len() > 0 {
		t.Fatalf("not killed: %v\n%s", err, said.String())
	}
	return first
}
