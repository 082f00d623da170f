package cpu

// rowsTwo is the 0F opcode map without SSE (AMD APM vol. 3, tables ).
const rowsTwo = `
00/0 SLDT Ev
00/1 STR Ev
00/2 LLDT Ew
00/3 LTR Ew
00/4 VERR Ew
00/5 VERW Ew
01/m0 SGDT M
01/m1 SIDT M
01/m2 LGDT M
01/m3 LIDT M
01/4 SMSW Ev
01/6 LMSW Ew
01/m7 INVLPG M
01=C8 MONITOR -
01=C9 MWAIT -
01=CA CLAC -
01=CB STAC -
01=F8 SWAPGS - o64
01=F9 RDTSCP -
02 LAR Gv,Ew
03 LSL Gv,Ew
05 SYSCALL -
06 CLTS -
07 SYSRET - v
08 INVD -
09 WBINVD -
0B UD -
0D/m0 NOP M
0D/m1 NOP M
0D/m2 NOP M
0D/m3 NOP M
0D/m4 NOP M
0D/m5 NOP M
0D/m6 NOP M
0D/m7 NOP M
18/0 NOP Ev
18/1 NOP Ev
18/2 NOP Ev
18/3 NOP Ev
18/4 NOP Ev
18/5 NOP Ev
18/6 NOP Ev
18/7 NOP Ev
19 NOP Ev
1A NOP Ev
1B NOP Ev
1C NOP Ev
1D NOP Ev
1E NOP Ev
1F NOP Ev
20 MOVFROMCR Rn,Cn
21 MOVFROMDR Rn,Dn
22 MOVTOCR Cn,Rn
23 MOVTODR Dn,Rn
30 WRMSR -
31 RDTSC -
32 RDMSR -
33 RDPMC -
34 SYSENTER - i64
35 SYSEXIT - v i64
40 CMOV Gv,Ev sub=0
41 CMOV Gv,Ev sub=1
42 CMOV Gv,Ev sub=2
43 CMOV Gv,Ev sub=3
44 CMOV Gv,Ev sub=4
45 CMOV Gv,Ev sub=5
46 CMOV Gv,Ev sub=6
47 CMOV Gv,Ev sub=7
48 CMOV Gv,Ev sub=8
49 CMOV Gv,Ev sub=9
4A CMOV Gv,Ev sub=10
4B CMOV Gv,Ev sub=11
4C CMOV Gv,Ev sub=12
4D CMOV Gv,Ev sub=13
4E CMOV Gv,Ev sub=14
4F CMOV Gv,Ev sub=15
80 JCC Jz br sub=0
81 JCC Jz br sub=1
82 JCC Jz br sub=2
83 JCC Jz br sub=3
84 JCC Jz br sub=4
85 JCC Jz br sub=5
86 JCC Jz br sub=6
87 JCC Jz br sub=7
88 JCC Jz br sub=8
89 JCC Jz br sub=9
8A JCC Jz br sub=10
8B JCC Jz br sub=11
8C JCC Jz br sub=12
8D JCC Jz br sub=13
8E JCC Jz br sub=14
8F JCC Jz br sub=15
90 SET Eb sub=0
91 SET Eb sub=1
92 SET Eb sub=2
93 SET Eb sub=3
94 SET Eb sub=4
95 SET Eb sub=5
96 SET Eb sub=6
97 SET Eb sub=7
98 SET Eb sub=8
99 SET Eb sub=9
9A SET Eb sub=10
9B SET Eb sub=11
9C SET Eb sub=12
9D SET Eb sub=13
9E SET Eb sub=14
9F SET Eb sub=15
A0 PUSHSEG - v st sub=4
A1 POPSEG - v st sub=4
A2 CPUID -
A3 BT Ev,Gv
A4 SHLD Ev,Gv,Iu
A5 SHLD Ev,Gv,CL
A8 PUSHSEG - v st sub=5
A9 POPSEG - v st sub=5
AB BTS Ev,Gv lock
AC SHRD Ev,Gv,Iu
AD SHRD Ev,Gv,CL
np.AE/m0 FXSAVE M y
np.AE/m1 FXRSTOR M y
np.AE/m2 LDMXCSR Md
np.AE/m3 STMXCSR Md
np.AE/m7 CLFLUSH M
np.AE/r5 LFENCE -
np.AE/r6 MFENCE -
np.AE/r7 SFENCE -
F3.AE/r0 RDFSBASE Ry o64
F3.AE/r1 RDGSBASE Ry o64
F3.AE/r2 WRFSBASE Ry o64
F3.AE/r3 WRGSBASE Ry o64
AF IMUL2 Gv,Ev
B0 CMPXCHG Eb,Gb lock
B1 CMPXCHG Ev,Gv lock
B2 LOADFAR Gz,M sub=2
B3 BTR Ev,Gv lock
B4 LOADFAR Gz,M sub=4
B5 LOADFAR Gz,M sub=5
B6 MOVZX Gv,Eb
B7 MOVZX Gv,Ew
F3.B8 POPCNT Gv,Ev
BA/4 BT Ev,Iu
BA/5 BTS Ev,Iu lock
BA/6 BTR Ev,Iu lock
BA/7 BTC Ev,Iu lock
BB BTC Ev,Gv lock
BC BSF Gv,Ev
BD BSR Gv,Ev
BE MOVSX Gv,Eb
BF MOVSX Gv,Ew
C0 XADD Eb,Gb lock
C1 XADD Ev,Gv lock
np.C3 MOVNTI My,Gy
C7/m1 CMPXCHG8B M y lock
C8+ BSWAP Zv
`
