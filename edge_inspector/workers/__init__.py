"""One file a process: sockets and a loop, thin. What a worker decides stands in the room that it wires."""
