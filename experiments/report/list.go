package report

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"

	"resvirt/experiments"
	"resvirt/faults"
)

// List prints what ships and what an experiment file can say.
func List(w io.Writer, steps []string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "experiments (run NAME, or a TOML file of your own), with the time they take on two idle cores:")
	for _, name := range experiments.Shipped() {
		e, _, err := experiments.Load(name)
		if err != nil {
			return err
		}
		var settings []string
		for _, s := range e.Settings {
			settings = append(settings, s.Name)
		}
		what := fmt.Sprintf("%d runs", e.Runs*len(e.Faults.Types)*len(settings)*max(len(e.Varied().Values), 1))
		if e.Measures() {
			what = fmt.Sprintf("%d golden runs", len(e.Overhead.Compute)*len(e.Overhead.Variants)*e.Overhead.Layouts)
		}
		fmt.Fprintf(t, "  %s\t%s; %s, %s\n", name, e.Description, what, e.Takes)
	}
	fmt.Fprintln(t, "\nrecovery steps (of a [[setting]]):")
	for _, s := range steps {
		fmt.Fprintf(t, "  %s\n", s)
	}
	fmt.Fprintln(t, "\nkeys of an experiment file and their defaults:")
	keys(t, "", reflect.ValueOf(experiments.Default()))
	fmt.Fprintln(t, "\nfault types (of faults.types):")
	for k := faults.Failstop; k < faults.Kinds; k++ {
		fmt.Fprintf(t, "  %s\t%s\n", k, k.Meaning())
	}
	fmt.Fprintln(t, "\noutcomes:")
	for o := faults.Outcome(0); o < faults.Outcomes; o++ {
		fmt.Fprintf(t, "  %s\n", o)
	}
	return t.Flush()
}

func keys(w io.Writer, prefix string, v reflect.Value) {
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue // no key: the tool's own
		}
		key := prefix + v.Type().Field(i).Tag.Get("toml")
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			keys(w, key+".", f)
		case reflect.Slice:
			if f.Type().Elem().Kind() == reflect.Struct {
				fmt.Fprintf(w, "  [[%s]]\t%s\n", key, fields(f.Type().Elem()))
				break
			}
			fmt.Fprintf(w, "  %s\t%s\n", key, strings.ReplaceAll(fmt.Sprintf("%v", f.Interface()), " ", ", "))
		default:
			fmt.Fprintf(w, "  %s\t%v\n", key, f.Interface())
		}
	}
}

// fields lists the keys of one of several tables.
func fields(t reflect.Type) string {
	var names []string
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("toml"))
	}
	return strings.Join(names, ", ")
}
