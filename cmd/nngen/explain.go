package main

// This file answers: what does an error code mean?

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"nngen/dsl"
	"nngen/dsl/diag"
)

// newExplain builds `nngen explain`.
func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Explain an error code, or list them all",
		Long: `Explain prints the page of an error or warning code: what is wrong and why, a model that has the mistake, the message, and
the model corrected. Without a code it lists all codes with one line each.`,
		Example: `  nngen explain E0301
  nngen explain`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if len(args) == 0 {
				for _, code := range diag.Codes() {
					title, _ := diag.Title(code)
					fmt.Fprintf(out, "%s  %s\n", code, title)
				}
				return nil
			}
			code := strings.ToUpper(args[0])
			page, ok := dsl.Explain(code)
			if !ok {
				if near := diag.Closest(code, diag.Codes()); near != "" {
					return usagef("unknown code %q; did you mean %s?", args[0], near)
				}
				return usagef("unknown code %q; 'nngen explain' lists all codes", args[0])
			}
			fmt.Fprint(out, page)
			return nil
		},
	}
}
