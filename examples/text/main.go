// Command text learns from the words of six of Shakespeare's people who of them is speaking, compares what it has learnt with simpler rules, shows the
// words that give each of them away, and says who would say the lines that are its arguments.
package main

// This file answers: what does the program do, and what does it print?

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"

	nnrt "nngen/runtime"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		log.Fatal(err)
	}
}

// run does what the arguments say.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("text", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprintln(out, "usage: text [flags] [lines whose speaker is to be guessed, each one argument]")
		flags.PrintDefaults()
	}
	seed := flags.Uint64("seed", 1, "of the first of three models; the others have the next two")
	saveTo := flags.String("save", "", "write the first model to this file, with its vocabulary and speakers")
	loadFrom := flags.String("load", "", "instead of training, read a model that -save wrote")
	picture := flags.String("picture", "", "write the first model's confusion matrix to this SVG file")
	cutFrom := flags.String("cut", "", "instead of training, make the file of -speeches from this text, tinyshakespeare.txt")
	speeches := flags.String("speeches", "examples/text/speeches.txt", "the file that -cut writes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *cutFrom != "" {
		return cutFile(*cutFrom, *speeches)
	}
	if *loadFrom != "" {
		var names, words []string
		model, err := LoadSpeaker(*loadFrom, nnrt.Attach("speakers", &names), nnrt.Attach("vocabulary", &words))
		if err != nil {
			return err
		}
		if len(names) != speakers || len(words) != vocabulary {
			return fmt.Errorf("%s: got %d speakers and %d words, want %d and %d", *loadFrom, len(names), len(words), speakers, vocabulary)
		}
		return guess(out, model, &corpus{names: names, words: words, at: newIndex(words)}, flags.Args())
	}
	c, err := load()
	if err != nil {
		return err
	}
	model, err := report(ctx, out, c, *seed)
	if err != nil {
		return err
	}
	if *saveTo != "" {
		if err := model.Save(*saveTo, nnrt.Attach("speakers", c.names), nnrt.Attach("vocabulary", c.words)); err != nil {
			return err
		}
	}
	if *picture != "" {
		if err := os.WriteFile(*picture, drawConfusion(c.names, judge(c.test, ofModel(model, c.at))), 0o666); err != nil {
			return err
		}
	}
	return guess(out, model, c, flags.Args())
}

// cutFile makes speeches.txt.
func cutFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	part, err := cut(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return os.WriteFile(to, part, 0o666)
}

// report trains three models, prints how they do, and returns the first.
func report(ctx context.Context, out io.Writer, c *corpus, seed uint64) (first *Speaker, err error) {
	fmt.Fprintf(out, "%d passages to learn from, %d to validate, %d to be tested on\n\n", len(c.train), len(c.valid), len(c.test))
	mean := 0.0
	const models = 3
	for s := seed; s < seed+models; s++ {
		var lines io.Writer
		if s == seed {
			lines = out
		}
		model, history, err := fit(ctx, c, s, lines)
		if err != nil {
			return nil, err
		}
		r := judge(c.test, ofModel(model, c.at))
		fmt.Fprintf(out, "seed %d: best after epoch %d, %.1f %% of the test right\n", s, history.Best.Epoch, 100*r.accuracy)
		mean += r.accuracy / models
		if s == seed {
			first = model
		}
	}
	fmt.Fprintf(out, "\nmean of %d models         %5.1f %%\n", models, 100*mean)
	fmt.Fprintf(out, "counting words           %5.1f %%  (naive Bayes)\n", 100*judge(c.test, ofCounts(c.train)).accuracy)
	most := ofMost(c.test)
	fmt.Fprintf(out, "always %-17s %5.1f %%  (who says most of the test)\n\n", c.names[most(nil)], 100*judge(c.test, most).accuracy)
	fmt.Fprintln(out, "words that give the speaker away:")
	for s, words := range telling(first, c, 10) {
		fmt.Fprintf(out, "  %-16s  %s\n", c.names[s], strings.Join(words, " "))
	}
	fmt.Fprintln(out, "\nwords that the model takes for alike:")
	for _, w := range []string{"love", "crown", "rome", "wife", "friar"} {
		near, err := nearest(first, c, w, 5)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "  %-16s  %s\n", w, strings.Join(near, " "))
	}
	fmt.Fprintf(out, "\nwho speaks (rows) and who was named:\n%s", confusionTable(c.names, judge(c.test, ofModel(first, c.at))))
	return first, nil
}

// guess prints who would say each of the lines.
func guess(out io.Writer, model *Speaker, c *corpus, lines []string) error {
	for _, line := range lines {
		words := tokens(line)
		if len(words) == 0 {
			return fmt.Errorf("got the line %q, want one with words", line)
		}
		probs, err := predict(model, c.at, words)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s\n", line)
		for s, p := range probs {
			fmt.Fprintf(out, "  %-16s  %3.0f %%  %s\n", c.names[s], 100*p, strings.Repeat("#", int(40*p+0.5)))
		}
	}
	return nil
}
