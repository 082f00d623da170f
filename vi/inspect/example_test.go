package inspect_test

import (
	"fmt"

	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// The hypervisor's variables are read by name and by their Go types, here from
// its image; a machine's memory (Machine) can be read in the same way.
func Example() {
	vmm, err := image.Build(image.Spec{Root: "../..", Pkg: "./vi/vmm", Kind: image.VMM})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := inspect.Open(vmm)
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err := v.Var("main.recoverySteps", inspect.Initial(vmm))
	if err == nil {
		step, err = step.Path("[0].name")
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	name, err := step.Text()
	fmt.Println(step.Name(), "is", name, err)
	// Output: main.recoverySteps[0].name is microreboot <nil>
}
