"""A link of a given rate, delay and loss between two network namespaces.

Usage: shaped-link.py <namespace> <namespace>

Gives each namespace one end of a point-to-point link, 10.91.0.1 and 10.91.0.2, as a
TUN device, and carries packets between them. Each line on standard input sets the
form of the link: bits per second, round trip in ms, loss in percent, queue in
octets; each is answered with a line `ready`. Ends with standard input.

Needs Linux, /dev/net/tun, iproute2 and the right to configure networks.
"""

import collections
import fcntl
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
PACKETS_AT_ONCE = 64
MOST_PACKET_OCTETS = 2048


class Direction:
    """Packets on their way from one end to the other."""

    def __init__(self, source, target):
        self.source = source
        self.target = target
        self.packets = collections.deque()
        self.free_at = 0.0

    def read(self, form):
        for _ in range(PACKETS_AT_ONCE):
            try:
                packet = os.read(self.source, MOST_PACKET_OCTETS)
            except BlockingIOError:
                return
            now = time.monotonic()
            begins_at = max(now, self.free_at)
            queued_octets = (begins_at - now) * form.bits_per_second / 8
            if queued_octets > form.queue_octets or random.random() < form.loss:
                continue
            self.free_at = begins_at + len(packet) * 8 / form.bits_per_second
            self.packets.append((self.free_at + form.latency_s, packet))

    def write_due(self):
        now = time.monotonic()
        while self.packets and self.packets[0][0] <= now:
            os.write(self.target, self.packets.popleft()[1])


class Form:
    def __init__(self, line):
        rate, round_trip_ms, loss_percent, queue_octets = map(float, line.split())
        self.bits_per_second = rate
        self.latency_s = round_trip_ms / 2_000
        self.loss = loss_percent / 100
        self.queue_octets = queue_octets


def open_end(namespace, name, own, other):
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(["ip", "link", "set", name, "netns", namespace], check=True)
    inside = ["ip", "-n", namespace]
    subprocess.run([*inside, "address", "add", own, "peer", other, "dev", name], check=True)
    subprocess.run([*inside, "link", "set", name, "up"], check=True)
    subprocess.run([*inside, "link", "set", "lo", "up"], check=True)
    return end


def main():
    tag = str(os.getpid() % 1_000_000)
    one = open_end(sys.argv[1], f"awa{tag}", "10.91.0.1", "10.91.0.2")
    other = open_end(sys.argv[2], f"awb{tag}", "10.91.0.2", "10.91.0.1")
    directions = [Direction(one, other), Direction(other, one)]
    form = Form("1e9 0 0 1e6")
    print("ready", flush=True)
    while True:
        due = [direction.packets[0][0] for direction in directions if direction.packets]
        wait = max(0.0, min(due) - time.monotonic()) if due else None
        readable, _, _ = select.select([one, other, sys.stdin], [], [], wait)
        for direction in directions:
            if direction.source in readable:
                direction.read(form)
            direction.write_due()
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if not line:
                return
            form = Form(line)
            for direction in directions:
                direction.free_at = 0.0
            print("ready", flush=True)


main()
