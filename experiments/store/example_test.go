package store_test

import (
	"fmt"
	"os"
	"path/filepath"

	"resvirt/experiments/store"
)

// Reading a database that there is not says so; nothing is made.
func ExampleOpenReader() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "mine.db")
	_, err = store.OpenReader(path)
	_, missing := os.Stat(path)
	fmt.Println(err != nil, os.IsNotExist(missing))
	// Output: true true
}
