package gdb

import (
	"fmt"
	"strings"
	"sync"
)

// targetXML describes the registers in gdb's format (gdb's manual, "Target Descriptions").
var targetXML = sync.OnceValue(func() string {
	var out strings.Builder
	out.WriteString(`<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0"><architecture>i386:x86-64</architecture>`)
	feature := ""
	for _, r := range table() {
		if r.feature != feature {
			if feature != "" {
				out.WriteString("</feature>")
			}
			feature = r.feature
			fmt.Fprintf(&out, `<feature name="%s">%s`, feature, types[feature])
		}
		kind := r.kind
		group := ""
		if r.feature == system {
			group = ` group="system"`
		}
		fmt.Fprintf(&out, `<reg name="%s" bitsize="%d" type="%s"%s/>`, r.name, 8*r.size, kind, group)
	}
	out.WriteString("</feature></target>")
	return out.String()
})

// types are the types that a feature's registers have besides those that gdb has.
var types = map[string]string{
	core: flags("i386_eflags", 4, "CF 0,PF 2,AF 4,ZF 6,SF 7,TF 8,IF 9,DF 10,OF 11,NT 14,RF 16,VM 17,AC 18,VIF 19,VIP 20,ID 21"),
	sse: `<vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/><vector id="v16i8" type="int8" count="16"/>` +
		`<vector id="v8i16" type="int16" count="8"/><vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/>` +
		`<union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/><field name="v16_int8" type="v16i8"/>` +
		`<field name="v8_int16" type="v8i16"/><field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>` +
		flags("i386_mxcsr", 4, "IE 0,DE 1,ZE 2,OE 3,UE 4,PE 5,DAZ 6,IM 7,DM 8,ZM 9,OM 10,UM 11,PM 12,FZ 15"),
	system: flags("cr0", 8, "PE 0,MP 1,EM 2,TS 3,ET 4,NE 5,WP 16,AM 18,NW 29,CD 30,PG 31") +
		flags("cr4", 8, "VME 0,PVI 1,TSD 2,DE 3,PSE 4,PAE 5,MCE 6,PGE 7,PCE 8,OSFXSR 9,OSXMMEXCPT 10,UMIP 11,FSGSBASE 16,PCIDE 17,OSXSAVE 18,SMEP 20,SMAP 21") +
		flags("efer", 8, "SCE 0,LME 8,LMA 10,NXE 11,FFXSR 14"),
}

// flags is a type whose bits have names.
func flags(id string, size int, bits string) string {
	var out strings.Builder
	fmt.Fprintf(&out, `<flags id="%s" size="%d">`, id, size)
	for _, b := range strings.Split(bits, ",") {
		name, at, _ := strings.Cut(b, " ")
		fmt.Fprintf(&out, `<field name="%s" start="%s" end="%s"/>`, name, at, at)
	}
	out.WriteString("</flags>")
	return out.String()
}
