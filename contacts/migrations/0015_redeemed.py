from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0014_ways_in_and_obstacles"),
    ]

    operations = [
        migrations.AlterField(
            model_name="behaviour",
            name="kind",
            field=models.CharField(
                choices=[
                    ("join", "Joined a group"),
                    ("leave", "Left a group"),
                    ("message", "Sent a message"),
                    ("link_click", "Opened a link"),
                    ("purchase_click", "Opened a purchase link"),
                    ("pay_click", "Clicked pay"),
                    ("order", "Ordered"),
                    ("refund", "Got a refund"),
                    ("lesson", "Finished a lesson"),
                    ("assignment", "Handed in an assignment"),
                    ("form", "Answered a form"),
                    ("live", "Entered a live session"),
                    ("mini_program", "Opened a mini-program"),
                    ("checkin", "Checked in"),
                    ("draw", "Drew a prize"),
                    ("red_packet", "Took a red packet"),
                    ("radar", "Viewed tracked content"),
                    ("coupon", "Took or used a coupon"),
                    ("redeem", "Redeemed a service"),
                ],
                max_length=16,
            ),
        ),
    ]
