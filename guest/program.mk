# SPDX-License-Identifier: GPL-2.0
# One static program of the guest, of all C files beside the Makefile that includes
# this, with what the probe has (OUT has its libprobe.a). PROGRAM is its name, LINK
# what else the linker is told.
OUT	?= .
CC	?= cc
CFLAGS	?= -O2 -g
override CFLAGS += -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-missing-field-initializers \
	-Wno-unused-parameter -I../probe
SRCS	:= $(sort $(wildcard *.c))
OBJDIR	:= $(OUT)/obj-$(PROGRAM)
OBJS	:= $(SRCS:%.c=$(OBJDIR)/%.o)

all: $(OUT)/$(PROGRAM)

$(OUT)/$(PROGRAM): $(OBJS) $(OUT)/libprobe.a
	$(CC) $(CFLAGS) -static $(LINK) -o $@ $^

$(OBJDIR)/%.o: %.c $(wildcard *.h ../probe/*.h) Makefile ../program.mk | $(OBJDIR)
	$(CC) $(CFLAGS) -c -o $@ $<

$(OBJDIR):
	mkdir -p $@

clean:
	rm -f $(OBJDIR)/*.o $(OUT)/$(PROGRAM)

.PHONY: all clean
