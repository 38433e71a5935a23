package main

// This file answers: what is computed, and which files are made of it?

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// results is all that is computed.
type results struct {
	flowers *flowers
	curves  []curve // by optimizer, then by sampling
	paths   []path  // likewise
	surface *surface
}

// compute trains all models.
func compute() (*results, error) {
	f, err := load()
	if err != nil {
		return nil, err
	}
	r := &results{flowers: f}
	if r.curves, err = followAll(f); err != nil {
		return nil, err
	}
	if r.paths, err = walkAll(f); err != nil {
		return nil, err
	}
	r.surface, err = measure(f)
	return r, err
}

// A file is a name and what it holds.
type file struct {
	name string
	data []byte
}

// files returns the pictures, the page and the numbers.
func (r *results) files() ([]file, error) {
	page, err := writePage(r)
	if err != nil {
		return nil, err
	}
	return []file{
		{"curves.svg", drawCurves(r.curves, len(r.flowers.class))},
		{"surface.svg", drawSurface(r.surface, r.paths)},
		{"descent.html", page},
		{"curves.csv", r.csv()},
	}, nil
}

// write writes the files into a folder, which it makes if need be, and returns their paths.
func (r *results) write(folder string) (paths []string, err error) {
	files, err := r.files()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(folder, f.name)
		if err := os.WriteFile(path, f.data, 0o666); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// csv returns all curves: a row for each epoch, a column for each optimizer and sampling.
func (r *results) csv() []byte {
	var b bytes.Buffer
	b.WriteString("epoch")
	for _, c := range r.curves {
		fmt.Fprintf(&b, ",%s: %s", optimizers[c.optimizer].name, c.by)
	}
	b.WriteByte('\n')
	for epoch := range epochs + 1 {
		fmt.Fprint(&b, epoch)
		for _, c := range r.curves {
			b.WriteString("," + round4(c.loss[epoch]))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// table returns the comparison as Markdown: what a cell holds, README says.
func (r *results) table() string {
	var b strings.Builder
	b.WriteString("| optimizer |")
	for by := range sampling(samplings) {
		fmt.Fprintf(&b, " %s |", by)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", samplings))
	for _, c := range r.curves {
		if c.by == 0 {
			fmt.Fprintf(&b, "\n| %s |", optimizers[c.optimizer].name)
		}
		epoch, _ := c.settled()
		fmt.Fprintf(&b, " **%d**, %.3f, rate %g |", epoch, c.loss[epochs], c.rate)
	}
	b.WriteByte('\n')
	return b.String()
}

// formulas returns what the optimizers do as Markdown.
func formulas() string {
	var b strings.Builder
	b.WriteString("| optimizer | each step | why |\n|---|---|---|\n")
	for _, o := range optimizers {
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", o.name, strings.Join(o.formula, "`<br>`"), o.why)
	}
	return b.String()
}
