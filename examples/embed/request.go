package main

// This file answers: which requests are valid, and what is the one who sent another told?

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const (
	maxBody = 512 << 10 // bytes of a request: some 256 images, generously written
	maxEcho = 40        // bytes of a bad value that an answer repeats
)

// A requestError is an answer 4xx: what is wrong with a request, and where.
type requestError struct {
	Status int    `json:"-"`
	Field  string `json:"field"` // such as images[2][13]; "body" where the request as a whole is meant
	Got    string `json:"got"`
	Want   string `json:"want"`
}

// Error returns, for example, "images[2][13]: got 17, want a number from 0 to 16".
func (e *requestError) Error() string {
	return fmt.Sprintf("%s: got %s, want %s", e.Field, e.Got, e.Want)
}

// A pixel is one grey value as a client writes it. Parsing keeps a bad value, so that the answer can say where it is.
type pixel struct {
	value float32
	bad   string
}

// UnmarshalJSON never fails: what is no number from 0 to maxPixel is bad.
func (p *pixel) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(string(b), 32)
	if err != nil || !(v >= 0 && v <= maxPixel) {
		*p = pixel{bad: clip(string(b))}
		return nil
	}
	*p = pixel{value: float32(v)}
	return nil
}

// predictRequest is the body of POST /predict.
type predictRequest struct {
	Images [][]pixel `json:"images"`
}

// learnRequest is the body of POST /learn.
type learnRequest struct {
	Samples []struct {
		Image []pixel `json:"image"`
		Label *string `json:"label"`
	} `json:"samples"`
}

// decode reads the body of a request into a value.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &requestError{http.StatusUnsupportedMediaType, "header Content-Type", strconv.Quote(clip(r.Header.Get("Content-Type"))), "application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &requestError{http.StatusRequestEntityTooLarge, "body", fmt.Sprintf("more than %d bytes", maxBody), fmt.Sprintf("at most %d", maxBody)}
	}
	if err != nil {
		return &requestError{http.StatusBadRequest, "body", "an end before all of it was sent", "all of it"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err = d.Decode(into)
	if err == nil {
		if rest := bytes.TrimSpace(body[d.InputOffset():]); len(rest) > 0 {
			return badBody("more after the JSON value: "+clip(string(rest)), "one JSON value")
		}
		return nil
	}
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return &requestError{http.StatusBadRequest, cmp.Or(wrong.Field, "body"), fmt.Sprintf("a JSON %s (at byte %d)", wrong.Value, wrong.Offset), jsonKind(wrong.Type.Kind().String())}
	}
	if wrong := (*json.SyntaxError)(nil); errors.As(err, &wrong) {
		return badBody(fmt.Sprintf("invalid JSON at byte %d: %v", wrong.Offset, wrong), "one JSON object")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return badBody(fmt.Sprintf("the end of the JSON at byte %d, before its value was complete", len(body)), "one JSON object")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return badBody("the unknown field "+clip(name), "fields of this endpoint only")
	}
	return badBody(clip(strings.TrimPrefix(err.Error(), "json: ")), "one JSON object")
}

// jsonKind says in terms of JSON what a Go type is read from.
func jsonKind(kind string) string {
	switch kind {
	case "slice":
		return "an array"
	case "struct":
		return "an object"
	}
	return "a " + kind
}

func badBody(got, want string) error { return &requestError{http.StatusBadRequest, "body", got, want} }

// clip shortens a value for an answer.
func clip(s string) string {
	if len(s) > maxEcho {
		return strings.ToValidUTF8(s[:maxEcho], "") + "..."
	}
	return strings.ToValidUTF8(s, "?")
}

// checkCount checks the number of images of a request.
func checkCount(field string, n int) error {
	if n < 1 || n > maxImages {
		return &requestError{http.StatusBadRequest, field, fmt.Sprintf("%d of them", n), fmt.Sprintf("1 to %d", maxImages)}
	}
	return nil
}

// image checks an image and writes it to x as the model reads it: len(x) is pixels. field makes its name, for errors only.
func image(from []pixel, x []float32, field func() string) error {
	if len(from) != pixels {
		return &requestError{http.StatusBadRequest, field(), fmt.Sprintf("%d numbers", len(from)), fmt.Sprintf("%d: the 8 x 8 pixels, row after row", pixels)}
	}
	for i, p := range from {
		if p.bad != "" {
			return &requestError{http.StatusBadRequest, fmt.Sprintf("%s[%d]", field(), i), p.bad, fmt.Sprintf("a number from 0 to %d", maxPixel)}
		}
		x[i] = p.value / maxPixel
	}
	return nil
}

// inputs checks a request for predictions and appends its images to x.
func (q *predictRequest) inputs(x []float32) ([]float32, error) {
	if err := checkCount("images", len(q.Images)); err != nil {
		return x, err
	}
	for i := range q.Images {
		x = append(x, make([]float32, pixels)...)
		if err := image(q.Images[i], x[len(x)-pixels:], func() string { return fmt.Sprintf("images[%d]", i) }); err != nil {
			return x, err
		}
	}
	return x, nil
}

// checked returns the samples of a request to learn; names are those of the classes.
func (q *learnRequest) checked(names []string) ([]sample, error) {
	if err := checkCount("samples", len(q.Samples)); err != nil {
		return nil, err
	}
	out := make([]sample, len(q.Samples))
	for i := range q.Samples {
		if err := image(q.Samples[i].Image, out[i].X[:], func() string { return fmt.Sprintf("samples[%d].image", i) }); err != nil {
			return nil, err
		}
		class, got := -1, "nothing"
		if label := q.Samples[i].Label; label != nil {
			got = strconv.Quote(clip(*label))
			for c, name := range names {
				if name == *label {
					class = c
				}
			}
		}
		if class < 0 {
			return nil, &requestError{http.StatusBadRequest, fmt.Sprintf("samples[%d].label", i), got, "one of " + strings.Join(names, ", ") + ", as a string"}
		}
		out[i].Y = int32(class)
	}
	return out, nil
}
