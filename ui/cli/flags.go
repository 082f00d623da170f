package cli

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"resvirt/internal/words"
)

// choice is the value of a flag that must be one of a list. Help and completion read the list.
type choice struct {
	value   *string
	allowed []string
}

func (c *choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

func (c *choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return fmt.Errorf("there are %s", words.And(c.allowed))
	}
	*c.value = s
	return nil
}

// list is the value of a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// Get implements flag.Getter: an empty text where one of them is empty.
func (l *list) Get() any {
	if slices.Contains(*l, "") {
		return ""
	}
	return []string(*l)
}

// formatFlag declares --format; the first form is the default.
func formatFlag(fs *flag.FlagSet, value *string, forms ...string) {
	*value = forms[0]
	fs.Var(&choice{value, forms}, "format", "print `FORM`: "+words.Or(forms))
}

var errTooLarge = errors.New("it is too large")

// number reads a whole number from least on, and at most most.
func number(s string, least, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && n > most:
		return 0, errTooLarge
	case err != nil, n < least:
		return 0, fmt.Errorf("it must be a whole number from %d on", least)
	}
	return n, nil
}

// numberFromOne reads a number whose absence is 0.
func numberFromOne(v *int) func(string) error {
	return func(s string) error {
		n, err := number(s, 1, math.MaxInt)
		*v = int(n)
		return err
	}
}

// noValue says whether a flag takes no value.
func noValue(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

var (
	undefinedFlag = regexp.MustCompile(`^flag provided but not defined: -(.*)$`)
	lacksArgument = regexp.MustCompile(`^flag needs an argument: -(.*)$`)
	invalidValue  = regexp.MustCompile(`^invalid (?:boolean )?value ("(?s:.*)") for (?:flag )?-([^:]*): (.*)$`)
)

// flagMistake translates an error of package flag into this program's words.
func flagMistake(fs *flag.FlagSet, err error) string {
	text := err.Error()
	if m := undefinedFlag.FindStringSubmatch(text); m != nil {
		var known []string
		fs.VisitAll(func(f *flag.Flag) { known = append(known, f.Name) })
		return fmt.Sprintf("there is no flag --%s%s", m[1], meant("--", m[1], known))
	}
	if m := lacksArgument.FindStringSubmatch(text); m != nil {
		placeholder, _ := flag.UnquoteUsage(fs.Lookup(m[1]))
		return fmt.Sprintf("--%s needs %s behind it", m[1], placeholder)
	}
	m := invalidValue.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	value, err := strconv.Unquote(m[1])
	if err != nil {
		value = m[1]
	}
	return fmt.Sprintf("--%s %s: %s", m[2], value, valueMistake(fs.Lookup(m[2]), value, m[3]))
}

func valueMistake(f *flag.Flag, value, reason string) string {
	switch {
	case noValue(f):
		return "it stands alone, or with =true or =false"
	case reason == "parse error" && strings.HasPrefix(value, "-"):
		return "it must be a whole number from 0 on"
	case reason == "parse error":
		return "it must be a whole number"
	case reason == "value out of range" && strings.HasPrefix(value, "-"):
		return "it is too small"
	case reason == "value out of range":
		return "it is too large"
	}
	return reason
}

// meant is the end of a message about an unknown word: it names a similar one that
// is known.
func meant(prefix, word string, known []string) string {
	near := words.Nearest(word, known)
	if near == "" {
		return ""
	}
	return " (do you mean " + prefix + near + "?)"
}
