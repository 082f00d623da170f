package step

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"resvirt/experiments/store"
)

// picked changes the picker.
type picked struct{ change func(picker) picker }

func (picked) event() {}

// listBases lists the databases of the working directory.
type listBases struct{}

func (listBases) busy() string { return "looking for databases" }

func (listBases) do(ctx context.Context, d *desk) (string, error) {
	files, err := filepath.Glob("*.db")
	if err != nil {
		return "", err
	}
	slices.Sort(files)
	var list []database
	for _, f := range files {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		list = append(list, inspectBase(f))
	}
	list = readableFirst(list)
	d.emit(picked{func(p picker) picker {
		return picker{bases: list, canMake: d.make != nil && len(list) == 0, listed: true}
	}})
	return "", nil
}

// readableFirst puts databases that can be opened before those that cannot: the cursor begins at
// the first. Both keep their order.
func readableFirst(list []database) []database {
	slices.SortStableFunc(list, func(a, b database) int {
		switch {
		case a.why == "" && b.why != "":
			return -1
		case a.why != "" && b.why == "":
			return 1
		}
		return 0
	})
	return list
}

// inspectBase says what is in a database.
func inspectBase(path string) database {
	b := database{path: path}
	db, err := store.OpenReader(path)
	if err != nil {
		b.why = err.Error()
		return b
	}
	defer db.Close()
	c, err := db.Campaign()
	if err != nil {
		b.why = err.Error()
		return b
	}
	b.experiment = c.Experiment
	runs, err := db.Runs(store.RunFilter{})
	if b.runs = len(runs); err != nil {
		b.why = err.Error()
	}
	return b
}

// listRuns lists the runs of a database.
type listRuns struct{ path string }

func (c listRuns) busy() string { return "reading " + c.path }

func (c listRuns) do(_ context.Context, d *desk) (string, error) {
	db, err := store.OpenReader(c.path)
	if err != nil {
		return "", err
	}
	runs, err := db.Runs(store.RunFilter{})
	if err = errors.Join(err, db.Close()); err != nil {
		return "", err
	}
	d.emit(picked{func(p picker) picker { return picker{path: c.path, runs: runs, listed: true} }})
	return "", nil
}

// makeQuick makes the database quick.db.
type makeQuick struct{}

func (makeQuick) busy() string { return "making quick.db" }

func (makeQuick) do(ctx context.Context, d *desk) (string, error) {
	if err := d.make(ctx, d.teller); err != nil {
		return "", err
	}
	return listRuns{"quick.db"}.do(ctx, d)
}
