from models.model import select


def entry(accuracy, loss):
    return {"valid_accuracy": accuracy, "valid_loss": loss}


def test_accuracy_decides():
    assert select([entry(0.85, 0.34), entry(0.88, 0.35)]) == 1


def test_log_loss_decides_between_equals():
    assert select([entry(0.5, 0.70), entry(0.5, 0.69), entry(0.5, 0.71)]) == 1


def test_the_first_of_equals_stays():
    assert select([entry(0.5, 0.7), entry(0.5, 0.7)]) == 0
