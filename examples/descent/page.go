package main

// This file answers: what does the page hold? A template, which has the explanations and draws, and the numbers it draws as one JSON value.

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed page.tmpl
var pageTemplate []byte

// pageData is what the page's program finds in its constant D.
type pageData struct {
	Optimizers []pageOptimizer   `json:"optimizers"`
	Samplings  []string          `json:"samplings"`
	Epochs     int               `json:"epochs"`
	Goal       float64           `json:"goal"`
	Curves     [][]pageCurve     `json:"curves"` // by optimizer and sampling
	Steps      int               `json:"steps"`
	Paths      [][][]json.Number `json:"paths"` // by optimizer and sampling: w and v in turn
	X          []json.Number     `json:"x"`
	Y          []json.Number     `json:"y"`
	Plane      float64           `json:"plane"` // side of the square that contours are in
	Reach      float64           `json:"reach"`
	Contours   []string          `json:"contours"`
	Minima     [2][2]float64     `json:"minima"`
}

type pageOptimizer struct {
	Name    string   `json:"name"`
	Colour  string   `json:"colour"`
	Formula []string `json:"formula"`
	Why     string   `json:"why"`
}

type pageCurve struct {
	Rate    float64       `json:"rate"`
	Settled int           `json:"settled"`
	Loss    []json.Number `json:"loss"`
}

// writePage returns the page.
func writePage(r *results) ([]byte, error) {
	d := pageData{
		Epochs: epochs, Goal: goal, Steps: steps, Plane: plane, Reach: reach,
		X: rounded(r.flowers.length), Y: rounded(r.flowers.width), Contours: r.surface.contours(),
	}
	for i, m := range r.surface.minima() {
		d.Minima[i] = [2]float64{m.w, m.v}
	}
	for i, o := range optimizers {
		d.Optimizers = append(d.Optimizers, pageOptimizer{Name: o.name, Colour: colours[i], Formula: o.formula, Why: o.why})
	}
	for by := range sampling(samplings) {
		d.Samplings = append(d.Samplings, by.String())
	}
	d.Curves, d.Paths = make([][]pageCurve, len(optimizers)), make([][][]json.Number, len(optimizers))
	for _, c := range r.curves {
		epoch, _ := c.settled()
		d.Curves[c.optimizer] = append(d.Curves[c.optimizer], pageCurve{Rate: c.rate, Settled: epoch, Loss: rounded(c.loss)})
	}
	for _, p := range r.paths {
		var flat []float64
		for _, at := range p.at {
			flat = append(flat, at.w, at.v)
		}
		d.Paths[p.optimizer] = append(d.Paths[p.optimizer], rounded(flat))
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return bytes.Replace(pageTemplate, []byte("{{.}}"), text, 1), nil
}

// rounded returns numbers of four digits.
func rounded(values []float64) []json.Number {
	out := make([]json.Number, len(values))
	for i, v := range values {
		out[i] = json.Number(round4(v))
	}
	return out
}
