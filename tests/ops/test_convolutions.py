import threading

from i2ikit.ops.convolutions import Gate


def test_the_number_of_threads_changes_while_nobody_convolves() -> None:
    gate, order = Gate(), []

    def change() -> None:
        with gate.changing():
            order.append("changed")

    with gate.convolving(), gate.convolving():
        changing = threading.Thread(target=change)
        changing.start()
        changing.join(0.05)
        order.append("convolved")
    changing.join(10)
    assert order == ["convolved", "changed"]
