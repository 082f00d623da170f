package image

import (
	"strings"

	"resvirt/vi/bare"
)

// checks are the runtime functions that the compiler calls when a check has
// failed, such as of an index. Calling them is allowed; they are redirected to
// main.failed.
var checks = []struct {
	prefix string
	kind   bare.Failure
	what   string
}{
	{"runtime.panicBounds", bare.FailBounds, ""},
	{"runtime.panicIndex", bare.FailBounds, ""},
	{"runtime.panicSlice", bare.FailBounds, ""},
	{"runtime.goPanic", bare.FailBounds, ""},
	{"runtime.panicunsafe", bare.FailBounds, ""},
	{"runtime.morestack", bare.FailStack, ""},
	{"runtime.panicdivide", bare.FailDivide, ""},
	{"runtime.panicshift", bare.FailShift, ""},
	{"runtime.panicdottype", bare.FailType, ""},
	{"runtime.panicnildottype", bare.FailType, ""},
	{"runtime.panicwrap", bare.FailNil, ""},
	{"runtime.panicnil", bare.FailNil, ""},
	{"runtime.gopanic", bare.FailPanic, ""},
	{"runtime.gcWriteBarrier", bare.FailOther, ""}, // called only if a flag is set, which stays zero
	{"runtime.wbZero", bare.FailOther, ""},
	{"runtime.wbMove", bare.FailOther, ""},
}

// forbidden has messages for the forbidden functions that people use most
// easily. Any other runtime function that is neither a check nor in runs is
// forbidden as well.
var forbidden = []struct{ prefix, what string }{
	{"runtime.mallocgc", "heap allocation"},
	{"runtime.newobject", "heap allocation (a variable escapes)"},
	{"runtime.newarray", "heap allocation"},
	{"runtime.makeslice", "make of a slice"},
	{"runtime.growslice", "append beyond capacity"},
	{"runtime.makemap", "a map"},
	{"runtime.map", "a map"},
	{"runtime.makechan", "a channel"},
	{"runtime.chan", "a channel"},
	{"runtime.newproc", "a go statement"},
	{"runtime.concat", "string concatenation"},
	{"runtime.slicebytetostring", "conversion of bytes to a string"},
	{"runtime.stringtoslice", "conversion of a string to a slice"},
	{"runtime.intstring", "conversion of an integer to a string"},
	{"runtime.convT", "conversion of a value to an interface"},
	{"runtime.typeAssert", "assertion to an interface type"},
	{"runtime.assertE2I", "assertion to an interface type"},
	{"runtime.interfaceSwitch", "type switch on interface types"},
	{"runtime.deferproc", "defer"},
	{"runtime.deferreturn", "defer"},
	{"runtime.gorecover", "recover"},
	{"runtime.print", "builtin print"},
	{"runtime.efaceeq", "comparison of interfaces"},
	{"runtime.ifaceeq", "comparison of interfaces"},
}

// runs are the runtime functions that work without a runtime.
var runs = map[string]bool{
	"runtime.memmove": true, "runtime.memclrNoHeapPointers": true, "runtime.memclrNoHeapPointersChunked": true,
	"runtime.memequal": true, "runtime.memequal_varlen": true, "runtime.strequal": true,
	"runtime.memequal0": true, "runtime.memequal8": true, "runtime.memequal16": true, "runtime.memequal32": true,
	"runtime.memequal64": true, "runtime.memequal128": true, "runtime.cmpstring": true,
	"runtime.duffzero": true, "runtime.duffcopy": true,
}

// trimABI removes the suffix by which the linker tells assembly functions from Go ones.
func trimABI(name string) string {
	name = strings.TrimSuffix(name, ".abi0")
	return strings.TrimSuffix(name, ".abiinternal")
}

// check returns the Failure for which a call of a runtime function stands.
func check(name string) (bare.Failure, bool) {
	for _, k := range checks {
		if strings.HasPrefix(name, k.prefix) {
			return k.kind, true
		}
	}
	return 0, false
}

// why says which feature of Go a forbidden runtime function belongs to.
func why(name string) string {
	for _, k := range forbidden {
		if strings.HasPrefix(name, k.prefix) {
			return k.what
		}
	}
	return "the Go runtime"
}

// inRuntime says whether a function belongs to the runtime proper. Its
// helpers without state (internal/bytealg and the like) may run.
func inRuntime(name string) bool {
	return strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/") && !strings.HasPrefix(name, "internal/runtime/atomic.") && !strings.HasPrefix(name, "internal/runtime/math.")
}
