package nnrt

// This file answers: which checkpoints are in a folder, which one does training go on from, and which ones may go?

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"nngen/runtime/safetensors"
)

// Checkpoints says where a training run keeps its checkpoints, how often it writes one, and how many stay.
//
// The folder holds step-000001200.safetensors for the checkpoint after 1200 updates, and best.safetensors, which stays until it is
// replaced. Files are written beside their place, synced and renamed, so a process that is killed, a full disk or a power failure leaves
// the checkpoints before it whole. Only one run may write to a folder at a time; [Fit] locks it where the system can.
type Checkpoints struct {
	Dir   string // made when it is missing
	Every int    // updates between checkpoints; 0: none but those that the caller asks for
	Keep  int    // how many of the last checkpoints stay; 0: 3

	// The rest is for Fit, which saves by updates, by epochs and by time, each if it is not 0; if all are, once a minute.
	EveryEpochs int           // epochs between checkpoints
	Interval    time.Duration // about the time between checkpoints

	// Resume goes on from the newest checkpoint in Dir that is whole, bit for bit as if the run had not been interrupted; where there is
	// none the run begins. A trainer or a source of another seed is an error; what else the checkpoint holds, such as the learning rate,
	// replaces what the program set, which Log says of the rate. Without Resume, checkpoints in Dir are an error, so that no run writes
	// over another.
	Resume bool
}

// Names in the folder.
const (
	stepPrefix = "step-"
	fileSuffix = ".safetensors"
	bestName   = "best" + fileSuffix
)

var errNoDir = errors.New("checkpoints: got no name of a folder, want one")

// Resumed is what [Checkpoints.Load] found.
type Resumed struct {
	Path     string   // the checkpoint that was loaded
	Sections Sections // what the caller had saved with it
	Skipped  []error  // one for each newer checkpoint that is damaged, newest first; each names its file. Tell the user
}

// Due reports whether a checkpoint is to be written after this number of updates.
func (c Checkpoints) Due(steps int) bool { return c.Every > 0 && steps%c.Every == 0 }

// Save writes the checkpoint of s.Steps and removes the oldest, so that Keep stay. It returns the path of the file.
//
// A whole checkpoint of a later step in the folder is an error, and nothing is written: it is another run's, or a later part of this
// one, and would be taken for the newest.
func (c Checkpoints) Save(s State, sections Sections) (path string, err error) {
	if err := c.prepare(s); err != nil {
		return "", err
	}
	steps, err := listSteps(c.Dir)
	if err != nil {
		return "", err
	}
	for _, step := range steps {
		if step > uint64(*s.Steps) && checkFile(c.path(step)) == nil {
			return "", fmt.Errorf("%s: not written: got a checkpoint of a later step, %s, in the folder, want a folder of this run, resumed from its newest checkpoint",
				c.path(uint64(*s.Steps)), filepath.Base(c.path(step)))
		}
	}
	path = c.path(uint64(*s.Steps))
	if err := SaveCheckpoint(path, s, sections); err != nil {
		return "", err
	}
	steps = slices.DeleteFunc(steps, func(step uint64) bool { return step >= uint64(*s.Steps) })
	keep := c.Keep
	if keep == 0 {
		keep = 3
	}
	for _, step := range steps[min(keep-1, len(steps)):] {
		if e := os.Remove(c.path(step)); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("%s: written, but an old checkpoint stays: %w", path, e))
		}
	}
	return path, err
}

// SaveBest writes best.safetensors, which no later checkpoint removes. [LoadCheckpoint] reads it, and so does the Load function of the
// model. It returns the path of the file.
func (c Checkpoints) SaveBest(s State, sections Sections) (path string, err error) {
	if err := c.prepare(s); err != nil {
		return "", err
	}
	path = filepath.Join(c.Dir, bestName)
	if err := SaveCheckpoint(path, s, sections); err != nil {
		return "", err
	}
	return path, nil
}

// take makes the folder and locks it for a run; it is free again when the file is closed. The file is nil where there are no locks.
func (c Checkpoints) take() (*os.File, error) {
	if err := makeFolder(c.Dir); err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	f, free, err := lockFolder(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	if !free {
		return nil, fmt.Errorf("checkpoints: %s: got a folder that another run writes to, want one for each", c.Dir)
	}
	return f, nil
}

// probe returns an error if no file can be written to the folder.
func (c Checkpoints) probe() error {
	f, err := createTemp(c.Dir, bestName)
	if err != nil {
		return fmt.Errorf("checkpoints: %s: got a folder that cannot be written to, want one that can: %w", c.Dir, err)
	}
	f.Close()
	return os.Remove(f.Name())
}

// prepare checks what a caller said, makes the folder, and removes what a killed process left half-written in it.
func (c Checkpoints) prepare(s State) error {
	switch {
	case c.Dir == "":
		return errNoDir
	case c.Keep < 0:
		return fmt.Errorf("checkpoints: got Keep %d, want at least 1, or 0 for 3", c.Keep)
	case s.Steps == nil || *s.Steps < 0:
		return errors.New("checkpoints: got a state without a number of steps, want one of a trainer")
	}
	if err := makeFolder(c.Dir); err != nil {
		return fmt.Errorf("checkpoints: %w", err)
	}
	removeAbandoned(c.Dir, func(base string) bool {
		_, ok := stepOf(base)
		return ok || base == bestName
	})
	return nil
}

// Load reads the newest whole checkpoint of the folder into a trainer's state. Damaged newer ones are skipped and reported in Skipped,
// for the caller to print. The error is [ErrNoCheckpoint] if there is none at all, so that training starts anew; if all are damaged
// (ErrDamaged, with all errors), or the newest whole one does not fit the trainer ([ErrMismatch]), it is not, and the trainer is as it
// was.
func (c Checkpoints) Load(s State) (*Resumed, error) {
	r := &Resumed{}
	path, skipped, err := newest(c.Dir, func(path string) error {
		sections, err := LoadCheckpoint(path, s)
		r.Sections = sections
		return err
	})
	if err != nil {
		return nil, err
	}
	r.Path, r.Skipped = path, skipped
	return r, nil
}

// Latest returns the path of the newest whole checkpoint of a folder, of whatever model, and an error for each newer one that is damaged,
// newest first. The error is [ErrNoCheckpoint] if there is none at all, and all errors if all are damaged.
func Latest(dir string) (path string, skipped []error, err error) {
	return newest(dir, checkFile)
}

// newest tries the checkpoints of a folder from the newest on, until one is whole.
func newest(dir string, try func(path string) error) (path string, skipped []error, err error) {
	if dir == "" {
		return "", nil, errNoDir
	}
	steps, err := listSteps(dir)
	if err != nil {
		return "", nil, err
	}
	for _, step := range steps {
		path := Checkpoints{Dir: dir}.path(step)
		err := try(path)
		if err == nil {
			return path, skipped, nil
		}
		if errors.Is(err, ErrMismatch) {
			return "", nil, errors.Join(append([]error{err}, skipped...)...)
		}
		skipped = append(skipped, err)
	}
	if len(skipped) == 0 {
		return "", nil, fmt.Errorf("%s: %w", dir, ErrNoCheckpoint)
	}
	return "", nil, fmt.Errorf("%s: got no checkpoint that is whole, want one: %w", dir, errors.Join(skipped...))
}

// checkFile returns an error unless a file is a whole checkpoint.
func checkFile(path string) error {
	file, err := safetensors.Open(path)
	if err != nil {
		return formatError(path, err)
	}
	defer file.Close()
	all := file.Section()
	_, err = openCheckpoint(all, all.Size(), path)
	return err
}

// path returns the name of the checkpoint of a step.
func (c Checkpoints) path(step uint64) string {
	return filepath.Join(c.Dir, fmt.Sprintf("%s%09d%s", stepPrefix, step, fileSuffix))
}

// stepOf returns the step of a checkpoint's name, and false for other names.
func stepOf(base string) (uint64, bool) {
	digits, ok := strings.CutPrefix(base, stepPrefix)
	if !ok {
		return 0, false
	}
	digits, ok = strings.CutSuffix(digits, fileSuffix)
	if !ok {
		return 0, false
	}
	step, err := strconv.ParseUint(digits, 10, 63)
	return step, err == nil && base == filepath.Base(Checkpoints{}.path(step))
}

// listSteps returns the steps of the checkpoints of a folder, newest first; none if there is no folder.
func listSteps(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	var steps []uint64
	for _, e := range entries {
		if step, ok := stepOf(e.Name()); ok {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	slices.Reverse(steps)
	return steps, nil
}
