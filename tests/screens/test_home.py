import time
from tests.screens.conftest import Place
from tests.screens.seat import seated
async def test_try(place: Place, size):
    t=time.time()
    def lap(w):
        nonlocal t
        print(w, round(time.time()-t,3)); t=time.time()
    async with seated(place.app(), size) as seat:
        lap("start")
        await seat.press("enter"); lap("enter")
        await seat.press("n"); lap("n")
        await seat.press("enter");lap("enter")
        await seat.press("enter"); lap("enter")
        await seat.type("X-1 / a"); lap("type 7")
    lap("end")
    assert 0
