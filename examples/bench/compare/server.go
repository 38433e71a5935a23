package main

// This file answers: how is a contender asked for one measurement, and kept from disturbing the others in between?

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A header is the first line of a contender.
type header struct {
	Peer      string   `json:"peer"`
	Threads   int      `json:"threads"`
	Workloads []string `json:"workloads"` // "*": all
	CPU       string   `json:"cpu"`
	ISA       string   `json:"isa"`
}

// A line is the answer of a contender.
type line struct {
	Workload  string  `json:"workload"`
	Threads   int     `json:"threads"`
	USPerStep float64 `json:"us_per_step"`
	GFLOPS    float64 `json:"gflops"`
	FinalLoss float64 `json:"final_loss"`
	Error     string  `json:"error"`
}

// parseHeader reads a first line.
func parseHeader(text []byte) (header, error) {
	var h header
	if err := json.Unmarshal(text, &h); err != nil || h.Peer == "" || len(h.Workloads) == 0 {
		return h, fmt.Errorf("got the header %q", bytes.TrimSpace(text))
	}
	return h, nil
}

// parseLine reads an answer about a workload.
func parseLine(text []byte, workload string) (line, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return l, fmt.Errorf("got the answer %q", bytes.TrimSpace(text))
	}
	switch {
	case l.Error != "":
		return l, errors.New(l.Error)
	case l.Workload != workload:
		return l, fmt.Errorf("got an answer about %q, asked for %s", l.Workload, workload)
	case !(l.USPerStep > 0) && !(l.GFLOPS > 0):
		return l, fmt.Errorf("got no time: %q", bytes.TrimSpace(text))
	}
	return l, nil
}

// A server is a contender that runs and waits for its turn, stopped.
type server struct {
	contender
	header header
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    chan []byte // its lines; closed when it ends
	said   *tail       // what it wrote to standard error
}

// startTime is how long a contender may take to print its header: PyTorch and JAX load for seconds on a busy machine.
const startTime = 2 * time.Minute

// start prepares and starts a contender.
func start(w *workshop, c contender) (*server, error) {
	command, env, err := c.prepare(w, c.Threads)
	if err != nil {
		return nil, err
	}
	return launch(w, c, command, env)
}

// launch starts a command and reads its header.
func launch(w *workshop, c contender, command, env []string) (*server, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = environment(env)
	ownGroup(cmd)
	s := &server{contender: c, cmd: cmd, out: make(chan []byte), said: &tail{}}
	cmd.Stderr = s.said
	cmd.WaitDelay = time.Second
	var err error
	if s.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.out)
		defer cmd.Wait() // by then it has said everything; how it ended does not matter
		r := bufio.NewReader(stdout)
		for {
			text, err := r.ReadBytes('\n')
			if err != nil {
				return
			}
			if bytes.HasPrefix(text, []byte("{")) {
				s.out <- text
			}
		}
	}()
	text, err := s.next(w.ctx, startTime)
	if err == nil {
		s.header, err = parseHeader(text)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	pause(cmd)
	return s, nil
}

// next waits for a line.
func (s *server) next(ctx context.Context, limit time.Duration) ([]byte, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case text, ok := <-s.out:
		if !ok {
			return nil, fmt.Errorf("it ended: %s", s.said.last())
		}
		return text, nil
	case <-timer.C:
		return nil, fmt.Errorf("no answer in %v", limit)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// can reports whether the contender has a workload.
func (s *server) can(workload string) bool {
	return slices.Contains(s.header.Workloads, workload) || slices.Contains(s.header.Workloads, "*")
}

// answerTime is how long one measurement may take: torch.compile compiles for a minute.
const answerTime = 4 * time.Minute

// ask lets the contender run, measure, and stop again.
func (s *server) ask(ctx context.Context, workload string, seconds float64) (line, error) {
	resume(s.cmd)
	defer pause(s.cmd)
	if _, err := fmt.Fprintf(s.in, "%s %g\n", workload, seconds); err != nil {
		if _, err := s.next(ctx, time.Second); err != nil {
			return line{}, err // says what it said last
		}
		return line{}, errors.New("it does not listen any more")
	}
	text, err := s.next(ctx, answerTime)
	if err != nil {
		return line{}, err
	}
	return parseLine(text, workload)
}

// close ends the contender.
func (s *server) close() {
	resume(s.cmd)
	s.in.Close()
	timer := time.AfterFunc(3*time.Second, func() { kill(s.cmd) })
	defer timer.Stop()
	for range s.out {
	}
}

func closeAll(servers []*server) {
	for _, s := range servers {
		s.close()
	}
}

// tail keeps the end of what is written to it. It is read when the writer has ended.
type tail struct{ text []byte }

// Write keeps the last 4 kB.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if n := len(t.text); n > 4096 {
		t.text = t.text[n-4096:]
	}
	return len(p), nil
}

func (t *tail) last() string {
	if text := strings.TrimSpace(lastLine(t.text)); text != "" {
		return text
	}
	return "it said nothing"
}
