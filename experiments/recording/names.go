package recording

import (
	"fmt"
	"slices"
	"strings"
)

// module is what the names of our packages begin with.
const module = "resvirt/"

// FunctionNames lists the functions that have code, as places name them: those of the hypervisor,
// then with their image in front of them the others.
func (r *Recording) FunctionNames() (list []string) {
	for _, image := range r.Guests.ImageNames() {
		m, ok := r.Guests.Image(image)
		if !ok {
			continue
		}
		lead := image + "!"
		if image == "vmm" {
			lead = ""
		}
		for _, s := range m.Symbols() {
			f, ok := m.Func(s.Start)
			ours := strings.HasPrefix(s.Name, "main.") || strings.HasPrefix(s.Name, module)
			if ok && f.Start == s.Start && ours {
				name := strings.TrimSuffix(s.Name, ".abi0") // assembly
				list = append(list, lead+name[strings.LastIndexByte(name, '/')+1:])
			}
		}
	}
	return list
}

// elsewhere says in which other images a function is that the hypervisor has not; "" if in none.
func (r *Recording) elsewhere(name string) string {
	name = strings.TrimPrefix(name, "main.")
	var list []string
	for _, image := range r.Guests.ImageNames() {
		if v, ok := r.Guests.View(image); ok && image != "vmm" {
			if _, err := v.Breakpoints(name); err == nil {
				list = append(list, image+"!"+name)
			}
		}
	}
	if len(list) == 0 {
		return ""
	}
	slices.Sort(list)
	return fmt.Sprintf("the hypervisor has no %s: say %s", name, strings.Join(list, " or "))
}
