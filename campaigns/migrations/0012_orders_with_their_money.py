from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0011_returning_orders'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['customer', 'placed_at'], include=['valid', 'revenue'], name='order_customer_money'),
        ),
        migrations.RemoveIndex(
            model_name='order',
            name='order_customer_placed',
        ),
    ]
