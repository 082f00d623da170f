package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"resvirt/experiments/recording"
	"resvirt/ui/gdb"
)

// gdbValues are the flags of `gdb`.
type gdbValues struct {
	listen, symbols string
}

// gdbPort is where gdb connects unless told otherwise: QEMU's choice.
const gdbPort = "localhost:1234"

func gdbFlags(fs *flag.FlagSet) any {
	v := &gdbValues{}
	fs.StringVar(&v.listen, "listen", gdbPort, "gdb connects at `ADDR`: HOST:PORT, or PORT of this computer; unless given, "+gdbPort)
	fs.StringVar(&v.symbols, "symbols", "", "write images, sources and commands for gdb into `DIR`; unless given, beside the database")
	return v
}

const gdbNotes = `RUN may be followed by @PLACE, where it begins instead of at the fault: full/17@D+120.
docs/gdb.md shows a session; monitor help lists what gdb's own commands lack.
`

func runGDB(e *env, operands []string, values any) error {
	v := values.(*gdbValues)
	run, place, placed := strings.Cut(operands[1], "@")
	setting, index, err := parseRun(run)
	if err != nil {
		return err
	}
	if placed {
		if _, err := recording.ParsePlace(place); err != nil {
			return usage("gdb: %v", err)
		}
	}
	db, err := e.open(operands[0])
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Row(setting, index); err != nil {
		return err
	}
	l, err := gdb.Listen(v.listen)
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := recording.OpenCampaign(e.ctx, db, e.stored, e.teller())
	e.printer().end()
	if err != nil {
		return err
	}
	r, err := told(e, func() (*recording.Recording, error) { return c.Record(setting, index) })
	if err == nil && placed {
		err = r.Goto(e.ctx, place)
	}
	if err != nil {
		return err
	}
	t, err := gdb.NewRecorded(r)
	if err != nil {
		return err
	}
	dir := v.symbols
	if dir == "" {
		dir = strings.TrimSuffix(operands[0], filepath.Ext(operands[0])) + ".gdb"
	}
	s, err := gdb.SymbolsOf(r)
	if err != nil {
		return err
	}
	script, err := writeSymbols(s, dir, v.symbols == "", l)
	if err != nil {
		return err
	}
	e.keeps("the files for gdb are in " + filepath.Dir(script))
	fmt.Fprintf(e.stdout, "%s at %s waits for gdb. In another terminal:\n\n  gdb -x %s\n\nCtrl-C here ends.\n", run, r.PlaceOf(r.Run.Position()), script)
	return serveGDB(e.ctx, e, &gdb.Server{Target: t, Listener: l})
}

// writeSymbols writes files for gdb into a directory, or, where it cannot be written and
// was nobody's choice, into a temporary one.
func writeSymbols(s *gdb.Symbols, dir string, elsewhere bool, l net.Listener) (script string, err error) {
	address := l.Addr().String()
	script, err = s.Write(dir, address)
	if err == nil || !elsewhere || !errors.Is(err, os.ErrPermission) {
		return script, err
	}
	if dir, err = os.MkdirTemp("", "resvirt-gdb-"); err != nil {
		return "", err
	}
	return s.Write(dir, address)
}

// serveGDB serves until the end.
func serveGDB(ctx context.Context, e *env, s *gdb.Server) error {
	s.Say = func(text string) { fmt.Fprintln(e.stderr, "resvirt:", text) }
	return s.Serve(ctx)
}
