import time, pytest, asyncio
from screens.frame import DeskScreen
from screens.app import DropCopyApp
from tests.screens.seat import seated
from tests.screens.test_wizard import to_step, SUBMIT
@pytest.mark.parametrize("n", range(24))
async def test_x(place, n, monkeypatch):
    log=[]
    t0=time.time()
    def L(*a): log.append((round(time.time()-t0,3),*a))
    o=DeskScreen.say
    monkeypatch.setattr(DeskScreen,"say",lambda s,t,k="done":(L("say",type(s).__name__,t[:50]),o(s,t,k))[1])
    oq=DeskScreen.quiet
    monkeypatch.setattr(DeskScreen,"quiet",lambda s:(L("quiet",type(s).__name__),oq(s))[1])
    oe=DropCopyApp._ended_of_mine
    async def e(self,desk):
        L("ended?",tuple(self._awaited)); r=await oe(self,desk); L("ended",len(r)); return r
    monkeypatch.setattr(DropCopyApp,"_ended_of_mine",e)
    os_=DropCopyApp.submitted
    monkeypatch.setattr(DropCopyApp,"submitted",lambda s,r:(L("submitted"),os_(s,r))[1])
    oh=DropCopyApp.refresh_home
    async def h(self):
        L("home"); await oh(self); L("home done")
    monkeypatch.setattr(DropCopyApp,"refresh_home",h)
    osu=DropCopyApp.set_up
    monkeypatch.setattr(DropCopyApp,"set_up",lambda s:(L("set_up"),osu(s))[1])
    async with seated(place.app()) as seat:
        await to_step(seat,SUBMIT)
        await seat.press("enter")
        try:
            await seat.until_seen("completed")
        finally:
            for l in log: print(l)
            for w in seat.app.workers: print(w, w.state, w.error)
