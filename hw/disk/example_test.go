package disk_test

import (
	"bytes"
	"fmt"

	"resvirt/hw/disk"
)

// A disk lies over a file that is never changed. A saved state is gone back to as often
// as one likes; what was written is given back on demand (WriteBack).
func Example() {
	file := bytes.Repeat([]byte("original"), disk.ChunkSize/8)
	d, err := disk.New(disk.Spec{Bytes: disk.ChunkSize, Base: bytes.NewReader(file)})
	if err != nil {
		fmt.Println(err)
		return
	}
	read := func() string {
		b := make([]byte, 8)
		d.Read(512, b)
		return string(b)
	}
	before := d.Save()
	d.Write(512, []byte("modified"))
	fmt.Println(read(), string(file[512:520]))
	d.Load(before)
	fmt.Println(read(), d.Err())
	// Output:
	// modified original
	// original <nil>
}
