// Command embed serves a model over HTTP while it goes on learning: it answers predictions, takes labelled samples, and keeps every
// sample that it has acknowledged, whatever happens to the process. README.md shows how to talk to it.
package main

// This file answers: how does the service start, and how does it end?

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:], os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		log.Fatal(err)
	}
}

// shutdownTime is how long requests that are under way may take once the service is to end.
const shutdownTime = 10 * time.Second

// run reads the arguments and serves until the context ends or the process is told to.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("embed", flag.ContinueOnError)
	flags.SetOutput(out)
	o := defaults
	addr := flags.String("addr", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	pretrainData := flags.String("pretrain", "", "instead of serving, train the model that the program begins with on this CSV file (examples/digits/digits.csv)")
	modelFile := flags.String("model", "examples/embed/digit.safetensors", "the file that -pretrain writes, for go:embed")
	pictureFile := flags.String("picture", "", "instead of serving, draw what the model gains from posted samples into this SVG `file`")
	imagesFile := flags.String("images", "examples/digits/digits.csv", "the CSV `file` whose samples -picture learns from")
	flags.StringVar(&o.Dir, "dir", "embed-data", "folder of the journal and the checkpoints; made when it is missing")
	flags.IntVar(&o.CheckpointEvery, "checkpoint", o.CheckpointEvery, "samples between checkpoints")
	flags.IntVar(&o.PublishSteps, "publish-steps", o.PublishSteps, "publish what was learnt after this many samples")
	flags.DurationVar(&o.PublishTime, "publish-time", o.PublishTime, "publish what was learnt after this time at the latest")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("got the argument %q, want flags only (-h lists them)", flags.Arg(0))
	}
	logger := log.New(out, "", 0)
	switch {
	case *pretrainData != "" && *pictureFile != "":
		return errors.New("got -pretrain beside -picture, want one or the other: the picture is of the model that is compiled in")
	case *pretrainData != "":
		return pretrain(*pretrainData, *modelFile, logger)
	case *pictureFile != "":
		return picture(*imagesFile, *pictureFile, logger)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	service, err := Open(o, logger)
	if err != nil {
		return err
	}
	err = listen(ctx, *addr, service, logger, stop)
	return errors.Join(err, service.Close())
}

// listen answers requests until the context ends, and then those that are under way. After that a second signal kills the process.
func listen(ctx context.Context, addr string, service *Service, logger *log.Logger, stop func()) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           service.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          logger,
	}
	logger.Printf("listening on http://%s", listener.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stop()
	logger.Print("ending: no new requests")
	deadline, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		return errors.Join(fmt.Errorf("some requests were cut off after %v: %w", shutdownTime, err), server.Close())
	}
	return nil
}
