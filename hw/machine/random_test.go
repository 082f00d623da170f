package machine

import (
	"os"
	"strconv"
	"testing"

	"resvirt/sim"
)

// TestRandomKernels runs what FuzzMachine would try first.
func TestRandomKernels(t *testing.T) {
	kernels, seed := randomNumbers()
	bases := map[int]*Snapshot{1: fuzzBase(1), 2: fuzzBase(2)}
	r := sim.Stream(seed, t.Name())
	for range kernels {
		data := randomKernel(&r)
		fuzzOne(t, bases, data)
		if t.Failed() {
			t.Fatalf("data %x", data)
		}
	}
}

// randomNumbers are how many kernels a test makes, and from where. The environment can ask
// for more, or for another start.
func randomNumbers() (kernels, seed uint64) {
	number := func(name string, otherwise uint64) uint64 {
		if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
			return n
		}
		return otherwise
	}
	return number("RESVIRT_RANDOM_KERNELS", 150), number("RESVIRT_RANDOM_SEED", 1)
}

// randomKernel is a piece of a kernel with changed bytes, or bytes that favour what
// matters to a system, for fuzzOne.
func randomKernel(r *sim.Rand) []byte {
	data := []byte{byte(r.Uint64())}
	if r.IntN(8) != 0 {
		data[0] &^= fuzzTrap | fuzzCheck
	}
	if r.IntN(2) != 0 {
		for range 8 + r.IntN(300) {
			data = append(data, randomByte(r))
		}
		return data
	}
	image := testKernels[r.IntN(len(testKernels))].image()
	at := r.IntN(len(image))
	data = append(data, image[at:min(len(image), at+1+r.IntN(600))]...)
	for k := r.IntN(8); k > 0; k-- {
		data[1+r.IntN(len(data)-1)] = randomByte(r)
	}
	return data
}

// randomByte is any byte, or one of those that begin or extend instructions of systems.
func randomByte(r *sim.Rand) byte {
	if r.IntN(3) == 0 {
		const some = "\x0f\x01\x20\x22\x23\x30\x32\x66\x67\xf0\xf2\xf3\x48\x8e\xcf\xcd\xf4\xfa\xfb\x9d\x9c\xea\xcb\xca\xff\xc8\xc0\x00\x05\x07\x34\x35\xa2\xae\xc7\xeb\xfe\x75\xe2\xa4\xab"
		return some[r.IntN(len(some))]
	}
	return byte(r.Uint64())
}
