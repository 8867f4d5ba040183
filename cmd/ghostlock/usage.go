package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newHelp replaces cobra's help, which calls an unknown command a success.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		Long:  `Help explains a command and its flags; "ghostlock help" lists the commands.`,
		Args:  takes(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			about, err := known(root, args)
			if err != nil {
				return err
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// known returns the command that the arguments begin with.
func known(root *cobra.Command, args []string) (*cobra.Command, error) {
	cmd, _, err := root.Find(args)
	if err == nil {
		return cmd, nil
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return nil, fmt.Errorf("%w, wanted one of %s", err, strings.Join(names, ", "))
}

// takes refuses fewer or more arguments; most may be -1 for any number.
func takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		return fmt.Errorf("found %s, wanted: %s", count(len(args), "argument"), cmd.UseLine())
	}
}

// flagError says which flag is wrong and where the right ones are explained.
func flagError(cmd *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	if !errors.As(err, &value) {
		return fmt.Errorf("%w (%s --help lists the flags)", err, cmd.CommandPath())
	}
	wanted := value.Unwrap().Error()
	switch value.GetFlag().Value.Type() {
	case "int":
		wanted = "wanted a whole number"
	case "uint64":
		wanted = "wanted a whole number, 0 or more"
	case "duration":
		wanted = "wanted a duration such as 30s or 5m"
	}
	return fmt.Errorf("found --%s %q, %s", value.GetFlag().Name, value.GetValue(), wanted)
}
