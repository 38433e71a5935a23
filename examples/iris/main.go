// Command iris trains a network to tell three species of iris apart, says by cross-validation how well it does, saves it, and uses it.
//
// Usage:
//
//	iris [-save FILE] [-picture FILE]
//	iris -load FILE SEPAL_LENGTH SEPAL_WIDTH PETAL_LENGTH PETAL_WIDTH
//
// The first form trains five nets, each on four fifths of the flowers, and tests each on the others. With -save or -picture it then trains
// one on all flowers and saves or draws it. The second form loads a net and names the species of a flower, whose measures are in
// centimetres.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	switch err := run(os.Args[1:], os.Stdout, os.Stderr); {
	case err == flag.ErrHelp: // the flag package has said why
		os.Exit(2)
	case err != nil:
		log.Fatal("iris: ", err)
	}
}

// run parses the command line and does what it says.
func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("iris", flag.ContinueOnError)
	flags.SetOutput(stderr)
	save := flags.String("save", "", "train a net on all flowers and save it to this `file`")
	picture := flags.String("picture", "", "train a net on all flowers and draw it into this SVG `file`")
	load := flags.String("load", "", "load a net from this `file` and name the species of a flower")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp
	}
	switch {
	case *load != "" && (*save != "" || *picture != ""):
		return errors.New("got -load beside -save or -picture, want one or the other")
	case *load != "":
		return name(*load, flags.Args(), stdout)
	case flags.NArg() > 0:
		return fmt.Errorf("got argument %q without -load, want a net to use: see iris -help", flags.Arg(0))
	}

	ctx := context.Background()
	table, err := readFlowers()
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, table)
	result, err := crossValidate(ctx, table)
	if err != nil {
		return err
	}
	for i, accuracy := range result.accuracy {
		fmt.Fprintf(stdout, "fold %d: %5.1f %% of the flowers that the net has not seen\n", i, 100*accuracy)
	}
	fmt.Fprintf(stdout, "mean: %.2f %%\n", 100*result.mean())
	if *save == "" && *picture == "" {
		return nil
	}
	c, err := train(ctx, table)
	if err != nil {
		return err
	}
	if *save != "" {
		if err := c.save(*save); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "a net trained on all %d flowers is in %s\n", table.Rows, *save)
	}
	if *picture != "" {
		svg, err := c.draw(table, result.answers)
		if err != nil {
			return err
		}
		return os.WriteFile(*picture, svg, 0o666)
	}
	return nil
}

// name loads a net and prints what species a flower of the given measures is.
func name(path string, measures []string, stdout io.Writer) error {
	c, err := load(path)
	if err != nil {
		return err
	}
	if len(measures) != len(c.scaling.Columns) {
		return fmt.Errorf("got %d measures, want %d: %s", len(measures), len(c.scaling.Columns), strings.Join(c.scaling.Columns, ", "))
	}
	flower := make([]float32, len(measures))
	for i, text := range measures {
		v, err := strconv.ParseFloat(text, 32)
		if err != nil || !(v > 0) || math.IsInf(v, 1) {
			return fmt.Errorf("%s: got %q, want a number of centimetres above 0", c.scaling.Columns[i], text)
		}
		flower[i] = float32(v)
	}
	species, probability, err := c.classify(flower)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s (probability %.3f)\n", c.classes[species], probability)
	return nil
}
