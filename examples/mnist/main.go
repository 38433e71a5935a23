// Command mnist trains a network to read handwritten digits of 28 x 28 pixels, from three seeds, and prints how many of the images
// that it has not seen it reads right.
//
// Usage:
//
//	mnist [-checkpoints FOLDER] [-pictures FOLDER]
//
// With -checkpoints it saves the whole state of each training run in a folder, after each epoch. It can then be interrupted, or killed,
// at any moment: the same command goes on, and ends with the same weights, bit for bit, as if nothing had happened.
//
// With -pictures it draws what the first net has learnt: weights.png and mistakes.svg.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"nngen/runtime/progress"
)

const seeds = 3

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], epochs, os.Stdout, os.Stderr); {
	case err == flag.ErrHelp: // the flag package has said why
		os.Exit(2)
	case err != nil:
		log.Fatal("mnist: ", err)
	}
}

// run parses the command line and does what it says, training for some epochs.
func run(ctx context.Context, args []string, epochs int, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("mnist", flag.ContinueOnError)
	flags.SetOutput(stderr)
	checkpoints := flags.String("checkpoints", "", "save the state of training in this `folder` and go on from what is there")
	pictures := flags.String("pictures", "", "write weights.png and mistakes.svg into this `folder`")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("got argument %q, want only flags: see mnist -help", flags.Arg(0))
	}
	train, valid, test, err := load()
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d images to learn from, %d for validation, %d to be tested on\n", train.Len(), valid.Len(), test.Len())
	start := time.Now()
	mean := 0.0
	for seed := uint64(1); seed <= seeds; seed++ {
		folder := ""
		if *checkpoints != "" {
			folder = filepath.Join(*checkpoints, fmt.Sprintf("seed-%d", seed))
		}
		model, history, err := fit(ctx, train, valid, seed, epochs, folder, progress.Bar(stderr))
		if errors.Is(err, context.Canceled) && folder != "" {
			return fmt.Errorf("%w; the same command goes on from there", err)
		}
		if err != nil {
			return err
		}
		accuracy, err := evaluate(model, test)
		if err != nil {
			return err
		}
		mean += accuracy / seeds
		fmt.Fprintf(stdout, "seed %d: best on validation after epoch %d; reads %.1f %% of unseen images right\n", seed, history.Best.Epoch, 100*accuracy)
		if seed == 1 && *pictures != "" {
			if err := draw(*pictures, model, test); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(stdout, "mean accuracy on unseen images: %.2f %%, after %.1f s on %d processors\n", 100*mean, time.Since(start).Seconds(), runtime.GOMAXPROCS(0))
	return nil
}
