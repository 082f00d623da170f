package cpu

// rowsOne is the one-byte opcode map (AMD APM vol. 3, appendix A, tables A-1,
// The notation of rows is explained in tables.go.
const rowsOne = `
00 ADD Eb,Gb lock
01 ADD Ev,Gv lock
02 ADD Gb,Eb
03 ADD Gv,Ev
04 ADD AL,Ib
05 ADD AX,Iz
06 PUSHSEG - v st i64 sub=0
07 POPSEG - v st i64 sub=0
08 OR Eb,Gb lock
09 OR Ev,Gv lock
0A OR Gb,Eb
0B OR Gv,Ev
0C OR AL,Ib
0D OR AX,Iz
0E PUSHSEG - v st i64 sub=1
10 ADC Eb,Gb lock
11 ADC Ev,Gv lock
12 ADC Gb,Eb
13 ADC Gv,Ev
14 ADC AL,Ib
15 ADC AX,Iz
16 PUSHSEG - v st i64 sub=2
17 POPSEG - v st i64 sub=2
18 SBB Eb,Gb lock
19 SBB Ev,Gv lock
1A SBB Gb,Eb
1B SBB Gv,Ev
1C SBB AL,Ib
1D SBB AX,Iz
1E PUSHSEG - v st i64 sub=3
1F POPSEG - v st i64 sub=3
20 AND Eb,Gb lock
21 AND Ev,Gv lock
22 AND Gb,Eb
23 AND Gv,Ev
24 AND AL,Ib
25 AND AX,Iz
28 SUB Eb,Gb lock
29 SUB Ev,Gv lock
2A SUB Gb,Eb
2B SUB Gv,Ev
2C SUB AL,Ib
2D SUB AX,Iz
30 XOR Eb,Gb lock
31 XOR Ev,Gv lock
32 XOR Gb,Eb
33 XOR Gv,Ev
34 XOR AL,Ib
35 XOR AX,Iz
38 CMP Eb,Gb
39 CMP Ev,Gv
3A CMP Gb,Eb
3B CMP Gv,Ev
3C CMP AL,Ib
3D CMP AX,Iz
27 DAA - i64
2F DAS - i64
37 AAA - i64
3F AAS - i64
40+ INC Zv i64
48+ DEC Zv i64
50+ PUSH Zv st
58+ POP Zv st
60 PUSHA - v i64
61 POPA - v i64
62 BOUND Gv,M i64
63 ARPL Ew,Gw i64
63 MOVSXD Gv,Ed o64
68 PUSH Iz st
69 IMUL3 Gv,Ev,Iz
6A PUSH Is st
6B IMUL3 Gv,Ev,Is
6C INS - b
6D INS - z
6E OUTS - b
6F OUTS - z
70 JCC Jb br sub=0
71 JCC Jb br sub=1
72 JCC Jb br sub=2
73 JCC Jb br sub=3
74 JCC Jb br sub=4
75 JCC Jb br sub=5
76 JCC Jb br sub=6
77 JCC Jb br sub=7
78 JCC Jb br sub=8
79 JCC Jb br sub=9
7A JCC Jb br sub=10
7B JCC Jb br sub=11
7C JCC Jb br sub=12
7D JCC Jb br sub=13
7E JCC Jb br sub=14
7F JCC Jb br sub=15
80/0 ADD Eb,Ib lock
80/1 OR Eb,Ib lock
80/2 ADC Eb,Ib lock
80/3 SBB Eb,Ib lock
80/4 AND Eb,Ib lock
80/5 SUB Eb,Ib lock
80/6 XOR Eb,Ib lock
80/7 CMP Eb,Ib
81/0 ADD Ev,Iz lock
81/1 OR Ev,Iz lock
81/2 ADC Ev,Iz lock
81/3 SBB Ev,Iz lock
81/4 AND Ev,Iz lock
81/5 SUB Ev,Iz lock
81/6 XOR Ev,Iz lock
81/7 CMP Ev,Iz
82/0 ADD Eb,Ib i64 lock
82/1 OR Eb,Ib i64 lock
82/2 ADC Eb,Ib i64 lock
82/3 SBB Eb,Ib i64 lock
82/4 AND Eb,Ib i64 lock
82/5 SUB Eb,Ib i64 lock
82/6 XOR Eb,Ib i64 lock
82/7 CMP Eb,Ib i64
83/0 ADD Ev,Is lock
83/1 OR Ev,Is lock
83/2 ADC Ev,Is lock
83/3 SBB Ev,Is lock
83/4 AND Ev,Is lock
83/5 SUB Ev,Is lock
83/6 XOR Ev,Is lock
83/7 CMP Ev,Is
84 TEST Eb,Gb
85 TEST Ev,Gv
86 XCHG Eb,Gb lock
87 XCHG Ev,Gv lock
88 MOV Eb,Gb
89 MOV Ev,Gv
8A MOV Gb,Eb
8B MOV Gv,Ev
8C MOVFROMSEG Ev,Sw
8D LEA Gv,M
8E MOVTOSEG Sw,Ew
8F/0 POP Ev st
90+ XCHG Zv,AX
98 CBW - v
99 CWD - v
9A CALLFAR Ap i64
9B FWAIT -
9C PUSHF - v st
9D POPF - v st
9E SAHF -
9F LAHF -
A0 MOV AL,Ob
A1 MOV AX,Ov
A2 MOV Ob,AL
A3 MOV Ov,AX
A4 MOVS - b
A5 MOVS - v
A6 CMPS - b
A7 CMPS - v
A8 TEST AL,Ib
A9 TEST AX,Iz
AA STOS - b
AB STOS - v
AC LODS - b
AD LODS - v
AE SCAS - b
AF SCAS - v
B0+ MOV Zb,Ib
B8+ MOV Zv,Iv
C0/0 ROL Eb,Iu
C0/1 ROR Eb,Iu
C0/2 RCL Eb,Iu
C0/3 RCR Eb,Iu
C0/4 SHL Eb,Iu
C0/5 SHR Eb,Iu
C0/6 SHL Eb,Iu
C0/7 SAR Eb,Iu
C1/0 ROL Ev,Iu
C1/1 ROR Ev,Iu
C1/2 RCL Ev,Iu
C1/3 RCR Ev,Iu
C1/4 SHL Ev,Iu
C1/5 SHR Ev,Iu
C1/6 SHL Ev,Iu
C1/7 SAR Ev,Iu
C2 RET Iw v br
C3 RET - v br
C4 LOADFAR Gz,M i64 sub=0
C5 LOADFAR Gz,M i64 sub=3
C6/0 MOV Eb,Ib
C7/0 MOV Ev,Iz
C8 ENTER Iw,I2 v st
C9 LEAVE - v st
CA RETFAR Iw v
CB RETFAR - v
CC INT3 -
CD INT Iu
CE INTO - i64
CF IRET - v
D0/0 ROL Eb,1
D0/1 ROR Eb,1
D0/2 RCL Eb,1
D0/3 RCR Eb,1
D0/4 SHL Eb,1
D0/5 SHR Eb,1
D0/6 SHL Eb,1
D0/7 SAR Eb,1
D1/0 ROL Ev,1
D1/1 ROR Ev,1
D1/2 RCL Ev,1
D1/3 RCR Ev,1
D1/4 SHL Ev,1
D1/5 SHR Ev,1
D1/6 SHL Ev,1
D1/7 SAR Ev,1
D2/0 ROL Eb,CL
D2/1 ROR Eb,CL
D2/2 RCL Eb,CL
D2/3 RCR Eb,CL
D2/4 SHL Eb,CL
D2/5 SHR Eb,CL
D2/6 SHL Eb,CL
D2/7 SAR Eb,CL
D3/0 ROL Ev,CL
D3/1 ROR Ev,CL
D3/2 RCL Ev,CL
D3/3 RCR Ev,CL
D3/4 SHL Ev,CL
D3/5 SHR Ev,CL
D3/6 SHL Ev,CL
D3/7 SAR Ev,CL
D4 AAM Iu i64
D5 AAD Iu i64
D6 SALC - i64
D7 XLAT - b
E0 LOOPNE Jb br
E1 LOOPE Jb br
E2 LOOP Jb br
E3 JCXZ Jb br
E4 IN Iu b
E5 IN Iu z
E6 OUT Iu b
E7 OUT Iu z
E8 CALL Jz br
E9 JMP Jz br
EA JMPFAR Ap i64
EB JMP Jb br
EC IN - b
ED IN - z
EE OUT - b
EF OUT - z
F1 INT1 -
F4 HLT -
F5 CMC -
F6/0 TEST Eb,Ib
F6/1 TEST Eb,Ib
F6/2 NOT Eb lock
F6/3 NEG Eb lock
F6/4 MUL Eb
F6/5 IMUL Eb
F6/6 DIV Eb
F6/7 IDIV Eb
F7/0 TEST Ev,Iz
F7/1 TEST Ev,Iz
F7/2 NOT Ev lock
F7/3 NEG Ev lock
F7/4 MUL Ev
F7/5 IMUL Ev
F7/6 DIV Ev
F7/7 IDIV Ev
F8 CLC -
F9 STC -
FA CLI -
FB STI -
FC CLD -
FD STD -
FE/0 INC Eb lock
FE/1 DEC Eb lock
FF/0 INC Ev lock
FF/1 DEC Ev lock
FF/2 CALLIND Ev br
FF/3 CALLFAR M z
FF/4 JMPIND Ev br
FF/5 JMPFAR M z
FF/6 PUSH Ev st
`
