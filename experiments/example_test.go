package experiments_test

import (
	"fmt"

	"resvirt/experiments"
)

// A setting that differs from another one by a step.
func ExampleChange_String() {
	c := experiments.Change{Without: []string{"page_frames"}}
	fmt.Println(c.String())
	// Output: without page_frames
}

// An experiment that ships.
func ExampleLoad() {
	e, _, err := experiments.Load("quick")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range e.Settings {
		fmt.Println(s.Name)
	}
	// Output:
	// none
	// basic
	// full
}
