package main

// This file answers: which nngen is this?

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// newVersion builds `nngen version`.
func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of nngen and of the Go that built it",
		Example: "  nngen version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			fmt.Fprintf(cmd.OutOrStdout(), "nngen %s %s %s/%s\n", moduleVersion(info), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// moduleVersion is the version of the module nngen was built from, as the main module or as a tool of another one.
func moduleVersion(info *debug.BuildInfo) string {
	if info == nil {
		return "(unknown)"
	}
	version := info.Main.Version
	if info.Main.Path != "nngen" {
		for _, dep := range info.Deps {
			if dep.Path == "nngen" {
				version = dep.Version
			}
		}
	}
	if version == "" {
		return "(devel)"
	}
	return version
}
