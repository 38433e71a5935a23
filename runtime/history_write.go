package nnrt

// This file answers: how is the history of a run written to files and read again?

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// WriteCSV writes the history as CSV: a line of names, then a line a row, with empty cells for missing values. Numbers are written so
// that reading them gives the same bits.
func (h *History) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	cells := h.Names()
	if err := out.Write(cells); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	for row := range h.rows {
		for i := range cells {
			cells[i] = ""
			if v := h.at(row, i); !math.IsNaN(v) {
				cells[i] = strconv.FormatFloat(v, 'g', -1, 64)
			}
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("history: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// WriteJSON writes the history as one JSON object, which [ReadHistoryJSON] reads:
//
//	{"version": 1, "stopped": "epochs", "best": {"measure": "val_loss", "value": 0.19, "epoch": 7, "step": 3290},
//	 "columns": {"epoch": [1, 2], "loss": [0.71, 0.44], "val_loss": [null, 0.4]}}
//
// so that "columns" is a data frame for most other programs. Missing values are null, infinities the strings "+Inf" and "-Inf".
func (h *History) WriteJSON(w io.Writer) error {
	text, err := h.MarshalJSON()
	if err != nil {
		return err
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// ReadHistoryJSON reads what [History.WriteJSON] has written.
func ReadHistoryJSON(r io.Reader) (*History, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	h := new(History)
	if err := h.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	return h, nil
}

// historyVersion is the version of the JSON form.
const historyVersion = 1

// historyJSON is the JSON form of a history. Its columns keep their order.
type historyJSON struct {
	Version int             `json:"version"`
	Stopped StopReason      `json:"stopped"`
	Best    *bestJSON       `json:"best,omitempty"`
	Columns json.RawMessage `json:"columns"`
}

type bestJSON struct {
	Measure string    `json:"measure"`
	Value   jsonFloat `json:"value"`
	Epoch   int       `json:"epoch"`
	Step    int       `json:"step"`
}

// MarshalJSON returns the form that [History.WriteJSON] writes.
func (h *History) MarshalJSON() ([]byte, error) {
	columns := []byte{'{'}
	for i, name := range h.names {
		if i > 0 {
			columns = append(columns, ',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, fmt.Errorf("history: column %q: %w", name, err)
		}
		columns = append(append(columns, key...), ':', '[')
		for row := range h.rows {
			if row > 0 {
				columns = append(columns, ',')
			}
			columns = jsonFloat(h.at(row, i)).append(columns)
		}
		columns = append(columns, ']')
	}
	out := historyJSON{Version: historyVersion, Stopped: h.Stopped, Columns: append(columns, '}')}
	if b := h.Best; b.Epoch > 0 {
		out.Best = &bestJSON{b.Measure, jsonFloat(b.Value), b.Epoch, b.Step}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads the form that [History.WriteJSON] writes. After an error the history is as it was.
func (h *History) UnmarshalJSON(text []byte) error {
	var in historyJSON
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf("history: offset %d: %w", dec.InputOffset(), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("history: offset %d: got more text, want the end", dec.InputOffset())
	}
	if in.Version != historyVersion {
		return fmt.Errorf("history: got version %d, want %d", in.Version, historyVersion)
	}
	out := History{Stopped: in.Stopped}
	if b := in.Best; b != nil {
		out.Best = Best{b.Measure, float64(b.Value), b.Epoch, b.Step}
	}
	if err := out.readColumns(in.Columns); err != nil {
		return err
	}
	*h = out
	return nil
}

// readColumns reads an object of columns in the order of the text, which a map would lose.
func (h *History) readColumns(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("history: columns: got %.20q, want an object of arrays", text)
	}
	var columns [][]jsonFloat
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("history: columns: %w", err)
		}
		name := key.(string) // the decoder has checked it
		if slices.Contains(h.names, name) {
			return fmt.Errorf("history: column %q is there twice", name)
		}
		var values []jsonFloat
		if err := dec.Decode(&values); err != nil {
			return fmt.Errorf("history: column %q: %w", name, err)
		}
		if len(columns) > 0 && len(values) != h.rows {
			return fmt.Errorf("history: column %q: got %d values, want %d as in column %q", name, len(values), h.rows, h.names[0])
		}
		h.names, columns, h.rows = append(h.names, name), append(columns, values), len(values)
	}
	h.values = make([]float64, 0, h.rows*len(columns))
	for row := range h.rows {
		for _, c := range columns {
			h.values = append(h.values, float64(c[row]))
		}
	}
	return nil
}

// jsonFloat is a number in JSON that keeps its bits and may be one that JSON has none for: null is NaN, and infinities are the strings
// "+Inf" and "-Inf".
type jsonFloat float64

func (f jsonFloat) append(dst []byte) []byte {
	v := float64(f)
	switch {
	case math.IsNaN(v):
		return append(dst, "null"...)
	case math.IsInf(v, 1):
		return append(dst, `"+Inf"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Inf"`...)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64)
}

// MarshalJSON writes the number.
func (f jsonFloat) MarshalJSON() ([]byte, error) { return f.append(nil), nil }

// UnmarshalJSON reads the number.
func (f *jsonFloat) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "null":
		*f = jsonFloat(math.NaN())
		return nil
	case `"+Inf"`:
		*f = jsonFloat(math.Inf(1))
		return nil
	case `"-Inf"`:
		*f = jsonFloat(math.Inf(-1))
		return nil
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || text[0] == '"' {
		return fmt.Errorf("got %.20s, want a number, null, \"+Inf\" or \"-Inf\"", text)
	}
	*f = jsonFloat(v)
	return nil
}
