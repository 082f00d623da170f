package testbed

import (
	"archive/tar"
	"bytes"
)

// archived is a file of a control domain's archive.
type archived struct {
	name string
	data []byte
}

// pagedArchive is an archive whose files' contents begin at multiples of a page, since
// kernels map their pages where they are (vi/guest/archive.go). What lies between files is
// files as well.
func pagedArchive(files []archived) []byte {
	const page, block = 4096, 512
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(name string, data []byte) {
		err := w.WriteHeader(&tar.Header{Format: tar.FormatUSTAR, Name: name, Mode: 0o644, Size: int64(len(data))})
		if err == nil {
			_, err = w.Write(data)
		}
		if err == nil {
			err = w.Flush()
		}
		if err != nil {
			panic("BUG: an archive in memory: " + err.Error())
		}
	}
	for _, f := range files {
		if at := b.Len() + block; at%page != 0 {
			add("space", make([]byte, page-(at+block)%page))
		}
		add(f.name, f.data)
	}
	if err := w.Close(); err != nil {
		panic("BUG: an archive in memory: " + err.Error())
	}
	return b.Bytes()
}
